#pragma once
#include <ebb/nn/cell.hpp>
#include <ebb/nn/sequence/packing.hpp>
#include <string>
#include <vector>

namespace ebb {

/// A cell run over a sequence: outputs and states of every step. Of sequences of different lengths, `last()` and
/// `end()` are of each row's own end, and outputs are zero in the padding.
class Run {
 public:
  Var last() const;             ///< output of each row's last step, [B, H]
  Var all() const;              ///< outputs of all steps, [T, B, H]
  Packed packed() const;        ///< the same without padding. Errors: ValueError if no lengths were given
  Var operator[](int t) const;  ///< output of step t
  const State& end() const;     ///< state after each row's last step
  /// One field after each step. Its gradient (retain, Shard::retain, grad, vjp) is that of the state which enters the
  /// next step and the output, each field an independent coordinate: what the step itself did with it, as in h' = o *
  /// tanh(c'), is no part of it, so that it does not depend on how the step is written. With lengths these are copies
  /// put together for reading, ended rows as they ended: nothing is computed from them, so that a gradient with respect
  /// to them is zero.
  std::vector<Var> states(const std::string& field) const;
  int steps() const;

 private:
  friend class Unrolling;
  Var ended(const PoolVector<Var>& steps, const Var& never) const;
  Var upright(const Var& sorted) const;
  void mark_state(int t) const;
  PoolVector<Var> outputs_;  // by time; with lengths of the rows alive, the longest first
  PoolVector<State> states_;
  PoolVector<std::uint32_t> step_ends_;  // last node of each step
  State initial_, end_;
  Var none_;  // of the outputs' shape, if there is no step
  Packing packing_;
  bool reverse_ = false;
  mutable Var padded_;
};

/// Runs the cell over x [T, B, I] from `start` (the cell's own if empty).
/// Errors    ShapeError with op, shapes, the cell's line and the time step; ValueError if the sequence is empty
Run unroll(const Cell&, const Sequence& x, const State& initial, const StepContext&);
Run unroll(const Cell&, const Sequence& x, const StepContext&);

/// The same of sequences of different lengths, padded to one: a step runs on the rows that are still alive, a row's
/// state stays as it is after its last step, and what stands in the padding has no effect and no gradient.
///
/// Shapes    lengths [B], each from 0 to T; a row of length 0 keeps its start
/// Errors    also ShapeError or ValueError if the lengths are not that
Run unroll(const Cell&, const Sequence& x, const State& initial, const Lengths&, const StepContext&);
Run unroll(const Cell&, const Sequence& x, const Lengths&, const StepContext&);
/// The same of sequences that are packed already.
Run unroll(const Cell&, const Packed& x, const State& initial, const StepContext&);
Run unroll(const Cell&, const Packed& x, const StepContext&);

enum class Direction { forward, backward };
/// From the first step to the last, or from each row's last step to the first; step t keeps its time.
Run unroll(const Cell&, const Sequence& x, const State& initial, const StepContext&, Direction);
Run unroll(const Cell&, const Packed& x, const State& initial, const StepContext&, Direction);

}  // namespace ebb
