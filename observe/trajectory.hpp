#pragma once
#include <ebb/nn/cell.hpp>
#include <functional>

/// The states that a cell visits along its inputs, in float64, and the linear maps between them: the basis of every
/// measure in this folder. States are flat here, [B, S]: the S numbers of all fields in the order of their declaration,
/// each field in row-major order, as in step_jacobian (nn/sequence/step_jacobian.hpp).
namespace ebb {

/// The inputs of a run: [B, I] for each of T steps.
class Drive {
 public:
  /// Data, [T, B, I].
  Drive(const Array& x);
  /// The same input [B, I] at every step: the free system, if it is zero.
  static Drive held(const Array& x, int steps);
  /// Inputs computed when they are needed, so that long runs need not hold them all: input(t) is [B, I].
  static Drive made(int steps, std::function<Array(int t)> input);

  int steps() const { return steps_; }
  Array at(int t) const { return input_(t); }

 private:
  Drive(int steps, std::function<Array(int)> input);
  int steps_;
  std::function<Array(int)> input_;
};

/// Iterates over a cell's states, one step at a time.
///
///     for (Trajectory s(cell, x, start); !s.ended(); s.advance()) use(s.state(), s.jacobian());
///
/// Masks and noise are those of `at` at the time of each step. The cell must outlive the trajectory.
///
/// Shapes    start [B, S], or empty for the cell's own initial state
/// Errors    ShapeError if start or an input does not fit; ValueError, with step and row, if an input or a state is not
///           finite, or if a step is taken or measured after the end; errors of the step
/// Numerics  float64, whatever the element type of the parameters
/// Cost      advance: one step of B rows without recording. Memory does not grow with T
class Trajectory {
 public:
  Trajectory(const Cell& cell, const Drive& drive, const Array& start = Array(), const StepContext& at = StepContext());
  int time() const { return time_; }  ///< of the next step; the number of steps taken
  bool ended() const { return time_ == drive_.steps(); }
  int rows() const { return state_.dim(0); }
  int size() const { return state_.dim(1); }     ///< S
  const Array& state() const { return state_; }  ///< before the next step, [B, S]
  /// The Jacobian of the next step, J[b, i, j] = d s'[b, i] / d s[b, j], [B, S, S].
  ///
  /// Cost      per row, S rows of one step and its reverse pass, see step_jacobian
  Array jacobian() const;
  /// J v for k vectors per row, without forming J.
  ///
  /// Shapes    v [B, k, S], result likewise
  /// Errors    TapeError if an op of the cell has a first-order gradient only
  /// Cost      three to five steps per vector, see jvp
  Array along(const Array& v) const;
  void advance();

 private:
  void check_not_ended(const char* call) const;
  Array along_some(const Array& v, int k, int first) const;
  const Cell& cell_;
  Drive drive_;
  StepContext at_;
  Array x_, state_;
  int time_ = 0;
};

/// The cell's initial state, [rows, S] in float64.
Array initial_state(const Cell&, int rows);
/// The fields of a flat state [B, S]; flat_state is the inverse.
State as_state(const Cell&, const Var& flat);

}  // namespace ebb
