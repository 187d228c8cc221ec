#pragma once
#include <ebb/nn/cell.hpp>

namespace ebb {

/// The Jacobian of one step with respect to the whole state: the S values of all its fields, in order of declaration,
/// each field in row-major order.
///
///     J[b, i, j] = d s'[b, i] / d s[b, j],   s' = step(x, s)
///
/// Masks and noise are those of `at` for these rows, so for a cell that draws random numbers or reads the time, pass
/// the context of the step: `s.context().at_time(t)`. The fields are independent coordinates: (h, c) for an LSTM,
/// although h' is computed from c'.
///
///     Tape tape{{.dtype = f64}};
///     State s = cell->initial_state(B);
///     Array J = step_jacobian(*cell, constant(x), s, StepContext().at_time(t));
///
/// Shapes    x [B, I]; fields [B, ...]; result [B, S, S], in the tape's element type
/// Errors    ShapeError if the state is not the cell's; exceptions of the step
/// Numerics  exact to rounding; one-sided where a step has a kink (relu, max)
/// Cost      each row is repeated S times, once per value of s', and one backward sweep gives all gradients: S steps
///           and sweeps per row. Memory: a tape of at most max(S, 4096) repeated rows, and the result
Array step_jacobian(const Cell&, const Var& x, const State& s, const StepContext& at = StepContext());
/// The same with respect to the input: d s'[b, i] / d x[b, j], [B, S, I].
Array step_input_jacobian(const Cell&, const Var& x, const State& s, const StepContext& at = StepContext());

/// S, the number of values of a cell's state per row.
int state_size(const Cell&);
/// A state as [B, S], in the order of the Jacobian's axes.
Var flat_state(const State& s);

}  // namespace ebb
