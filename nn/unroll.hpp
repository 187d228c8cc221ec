#pragma once
#include <ebb/autograd/sequence.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/ops/pool_allocator.hpp>
#include <string>
#include <vector>

namespace ebb {

/// A cell run over a sequence: outputs and states of every step.
class Run {
 public:
  Var last() const;                                   ///< output of the last step, [B, H]
  Var all() const;                                    ///< outputs of all steps, [T, B, H]
  Var operator[](int t) const;                        ///< output of step t
  const State& end() const;                           ///< state after the last step
  std::vector<Var> states(const std::string& field) const;   ///< one field after each step
  int steps() const;

 private:
  friend Run detail_unroll(const Cell&, const Sequence&, const State&, const Pass&, const Lengths*, bool);
  PoolVector<Var> outputs_;
  PoolVector<State> states_;
};

/// Runs the cell over x [T, B, I] from `start` (the cell's own if empty).
/// Errors    ShapeError with op, shapes, the cell's line and the time step; ValueError if the sequence is empty
Run unroll(const Cell&, const Sequence& x, const State& start, const Pass&);
Run unroll(const Cell&, const Sequence& x, const Pass&);

/// The same of sequences of different lengths, padded to one: a row's state stays as it is after its last step, so that `last()`
/// and `end()` are of each row's own end, and what stands in the padding has no effect and no gradient.
///
/// Shapes    lengths [B], each from 0 to T; a row of length 0 keeps its start
/// Errors    also ShapeError or ValueError if the lengths are not that
Run unroll(const Cell&, const Sequence& x, const State& start, const Lengths&, const Pass&);
Run unroll(const Cell&, const Sequence& x, const Lengths&, const Pass&);

/// For bidirectional.hpp: from_end says that rows stand at the sequence's end, as in one that was flipped.
Run detail_unroll(const Cell&, const Sequence& x, const State& start, const Pass&, const Lengths*, bool from_end);

}  // namespace ebb
