#pragma once
#include <ebb/nn/cell.hpp>
#include <ebb/nn/sequence/packing.hpp>
#include <ebb/nn/sequence/unroll_options.hpp>
#include <string>
#include <vector>

namespace ebb {

/// The result of running a cell over a sequence: outputs and states of every step. With lengths, `last()` and `end()`
/// are taken at each row's end, and outputs are zero in the padding.
///
/// Errors    ValueError for outputs or states of a checkpointed run that UnrollOptions::reads does not name
class Run {
 public:
  /// Output of each row's last step, [B, H].
  Var last(std::source_location where = std::source_location::current()) const;
  /// Outputs of all steps, [T, B, H].
  Var all(std::source_location where = std::source_location::current()) const;
  /// The same without padding. Errors: ValueError if no lengths were given
  Packed packed(std::source_location where = std::source_location::current()) const;
  Var operator[](Index t) const;  ///< output of step t
  const State& end() const;       ///< state after each row's last step
  /// One field after each step. Its gradient (retain, Shard::retain, grad, vjp) is that with respect to the state that
  /// enters the next step and the output, with fields as independent coordinates: uses within the step itself, as in h'
  /// = o * tanh(c'), do not contribute, so the gradient does not depend on how the step is written. With lengths these
  /// are copies, in which rows that have ended keep their last state; since nothing is computed from them, gradients
  /// with respect to them are zero.
  std::vector<Var> states(const std::string& field, std::source_location where = std::source_location::current()) const;
  int steps() const;

 private:
  friend class Unrolling;
  Var ended(const PoolVector<Var>& steps, const Var& never) const;
  Var upright(const Var& sorted) const;
  void mark_state(int t) const;
  void check_read(Reads, const char* what) const;
  PoolVector<Var> outputs_;  // by time; with lengths only rows that have not ended, longest first
  PoolVector<State> states_;
  PoolVector<std::uint32_t> step_ends_;  // last node of each step
  State initial_, end_;
  Var none_;  // in the outputs' shape, if there are no steps
  Packing packing_;
  bool reverse_ = false;
  Reads reads_ = Reads::states;
  mutable Var padded_;
};

/// Runs the cell over x [T, B, I] from the state `initial` (if empty, the cell's initial state).
/// Errors    ShapeError with op, shapes, the cell's line and the time step, or the caller's line if the widths of x and
///           the cell differ; ValueError if the sequence is empty
Run unroll(const Cell&, const Sequence& x, const State& initial, const StepContext&,
           std::source_location where = std::source_location::current());
Run unroll(const Cell&, const Sequence& x, const StepContext&,
           std::source_location where = std::source_location::current());

/// The same for padded sequences of different lengths: each step runs only on rows that have not ended, a row's state
/// does not change after its last step, and the padding has no effect and no gradient.
///
/// Shapes    lengths [B], each from 0 to T; a row of length 0 keeps its initial state
/// Errors    also ShapeError or ValueError for invalid lengths
Run unroll(const Cell&, const Sequence& x, const State& initial, const Lengths&, const StepContext&,
           std::source_location where = std::source_location::current());
Run unroll(const Cell&, const Sequence& x, const Lengths&, const StepContext&,
           std::source_location where = std::source_location::current());
/// The same for packed sequences.
Run unroll(const Cell&, const Packed& x, const State& initial, const StepContext&,
           std::source_location where = std::source_location::current());
Run unroll(const Cell&, const Packed& x, const StepContext&,
           std::source_location where = std::source_location::current());

/// In the given direction.
Run unroll(const Cell&, const Sequence& x, const State& initial, const StepContext&, Direction,
           std::source_location where = std::source_location::current());
Run unroll(const Cell&, const Packed& x, const State& initial, const StepContext&, Direction,
           std::source_location where = std::source_location::current());

/// With options, such as checkpoints: a run that keeps some states and runs the steps between them again in the
/// backward pass. Values and gradients have the same bits.
///
///     const UnrollOptions o{.checkpoint = Checkpoint::square_root(), .reads = Reads::last};
///     Var y = unroll(*cell, s.sequence(x), s.context(), o).last();
///
/// Errors    TapeError on a tape of order 2 or more; in the backward pass also if a step that is run again returns
///           another state, or if a Bind of the forward pass has ended
/// Cost      bytes and steps: see Checkpoint. What is read of the steps is kept besides; with lengths, also the state
///           at each row's end. The cell and its parameters must live until backward
Run unroll(const Cell&, const Sequence& x, const State& initial, const StepContext&, const UnrollOptions&,
           std::source_location where = std::source_location::current());
Run unroll(const Cell&, const Sequence& x, const StepContext&, const UnrollOptions&,
           std::source_location where = std::source_location::current());
Run unroll(const Cell&, const Packed& x, const State& initial, const StepContext&, const UnrollOptions&,
           std::source_location where = std::source_location::current());
Run unroll(const Cell&, const Packed& x, const StepContext&, const UnrollOptions&,
           std::source_location where = std::source_location::current());
Run unroll(const Cell&, const Sequence& x, const State& initial, const Lengths&, const StepContext&,
           const UnrollOptions&, std::source_location where = std::source_location::current());
Run unroll(const Cell&, const Sequence& x, const Lengths&, const StepContext&, const UnrollOptions&,
           std::source_location where = std::source_location::current());

}  // namespace ebb
