#pragma once
#include <ebb/autograd/shards.hpp>
#include <functional>
#include <vector>

namespace ebb {

/// A loss as a function of the trained parameters of a set. Measures evaluate it on tapes of their own, in float64.
///
///     const Objective loss(w, [&] { return mean(squared_error(unroll(*cell, constant(x), at).last(), constant(y))); });
///     const Objective same(w, {.rows = B}, [&](Shard& s) { return s.mean_rows(...); });   // as passed to backward()
///
/// The second form evaluates the whole batch as one shard, with the mode, seed and update of the options. The function
/// is called several times and must be deterministic, which masks from a StepContext are.
class Objective {
 public:
  Objective(const LeafSet&, std::function<Var()> loss);
  Objective(const LeafSet&, const ShardOptions&, ShardLoss loss);
  const LeafSet& parameters() const { return set_; }
  /// The loss on the current tape, which the objective must outlive. Errors: ShapeError unless it has one element
  Var operator()() const;

 private:
  Var partial() const;
  LeafSet set_;
  std::function<Var()> loss_;
  ShardOptions options_;
  ShardLoss shard_loss_;
  StepContext context_;  // of the parameters' transforms
};

}  // namespace ebb
