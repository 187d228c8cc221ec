#pragma once
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/var_function.hpp>

namespace ebb {

/// The Jacobian of each row, for an f that treats rows independently, as cells, layers and per-row losses do.
///
///     x [B, N] -> f(x) [B, M]     J[b, m, n] = d f(x)[b, m] / d x[b, n]
///     x [N]    -> f(x) [M]        J[m, n]    = d f(x)[m] / d x[n]
///
/// f runs once, on x itself, so it may use other data of these rows: a sequence of inputs, a StepContext, targets.
///
/// Shapes    [B, M, N], or [M, N]; use jacobian_full for other shapes
/// Errors    ShapeError for other shapes; ValueError if the first row of f(x) depends on another row of x; TapeError in
///           a NoGrad scope, or if create_graph is set on a tape of order 1
/// Cost      one run of f, and M + 1 sweeps over its record, each for all rows
Var jacobian(const VarFunction& f, const Var& x, GradOptions = {});
/// The same on a new tape, in the element type of x.
Array jacobian(const VarFunction& f, const Array& x);

/// The derivative of every element of f(x) with respect to every element of x, for any f: J[i..., j...] = d f(x)[i...]
/// / d x[j...].
///
/// Shapes    the axes of f(x), then those of x: at most four
/// Errors    ShapeError for more than four axes; TapeError as above
/// Cost      one run of f, and a sweep for each element of f(x)
Var jacobian_full(const VarFunction& f, const Var& x, GradOptions = {});
Array jacobian_full(const VarFunction& f, const Array& x);

}  // namespace ebb
