#pragma once
#include <ebb/nn/cell.hpp>

namespace ebb {

/// The Jacobian of one step over the whole state: the S numbers of all its fields, in the order in which they are
/// declared, each field in row-major order.
///
///     J[b, i, j] = d s'[b, i] / d s[b, j],   s' = step(x, s)
///
/// Masks and noise are those that `at` gives these rows, so of a cell that draws or reads the time it is the Jacobian
/// of that very step: `s.context().at_time(t)`. The fields are independent coordinates: (h, c) of an LSTM, though h' is
/// made from c'.
///
///     Tape tape{{.dtype = f64}};
///     State s = cell->initial_state(B);
///     Array J = step_jacobian(*cell, constant(x), s, StepContext().at_time(t));
///
/// Shapes    x [B, I]; fields [B, ...]; result [B, S, S], in the tape's element type
/// Errors    ShapeError if the state is not the cell's; what the step throws
/// Numerics  exact to rounding; where a step has a kink (relu, max) one side's
/// Cost      each row is repeated S times, one for each number of s', and one sweep gives all their gradients: S steps
///           and sweeps a row. Held at once: the tape of at most max(S, 4096) repeated rows, and the result
Array step_jacobian(const Cell&, const Var& x, const State& s, const StepContext& at = StepContext());
/// The same with respect to the input: d s'[b, i] / d x[b, j], [B, S, I].
Array step_input_jacobian(const Cell&, const Var& x, const State& s, const StepContext& at = StepContext());

/// S, the numbers of a cell's state in one row.
int state_size(const Cell&);
/// A state as its numbers, [B, S], in the order of the Jacobian's axes.
Var flat_state(const State& s);

}  // namespace ebb
