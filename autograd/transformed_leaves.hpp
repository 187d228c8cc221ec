#pragma once
#include <ebb/autograd/binding.hpp>
#include <ebb/autograd/step_context.hpp>
#include <ebb/autograd/tape.hpp>
#include <memory>
#include <optional>
#include <vector>

namespace ebb::detail {

/// The transformed leaves of a set during one backward: evaluated on a separate tape and bound to the results, so that
/// shards use them as leaves. The gradients from the shards are those of the results.
class TransformedLeaves {
 public:
  TransformedLeaves(const LeafSet&, DType, const StepContext& context, bool gradients);
  TransformedLeaves(const TransformedLeaves&) = delete;
  TransformedLeaves& operator=(const TransformedLeaves&) = delete;
  /// dL/df(w) -> dL/dw, in place; may be called once.
  void pull_back(Grads&);

 private:
  struct Pair {
    Leaf leaf;
    Var result;
  };
  const StepContext context_;
  std::optional<Tape> tape_;  // declared before the Vars recorded on it
  std::vector<Pair> leaves_;
  std::vector<std::unique_ptr<Binding>> bound_;
};

}  // namespace ebb::detail
