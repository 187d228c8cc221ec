#pragma once
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/var_function.hpp>

namespace ebb {

/// The Jacobian of each row: f treats rows apart, as cells, layers and losses by row do.
///
///     x [B, N] -> f(x) [B, M]     J[b, m, n] = d f(x)[b, m] / d x[b, n]
///     x [N]    -> f(x) [M]        J[m, n]    = d f(x)[m] / d x[n]
///
/// f runs once, on x as it is, so that it may use what else belongs to these rows: a sequence of inputs, a StepContext,
/// targets.
///
/// Shapes    [B, M, N], or [M, N]; jacobian_full takes all other shapes
/// Errors    ShapeError for other shapes; ValueError if the first row of f(x) depends on another row of x; TapeError in
///           a NoGrad, or if create_graph is asked of a tape of order 1
/// Cost      f once, and M + 1 sweeps over what it recorded, each for all rows
Var jacobian(const VarFunction& f, const Var& x, GradOptions = {});
/// The same on a tape of its own, in the element type of x.
Array jacobian(const VarFunction& f, const Array& x);

/// Every element of f(x) by every element of x, nothing assumed: J[i..., j...] = d f(x)[i...] / d x[j...].
///
/// Shapes    the axes of f(x), then those of x: four at most
/// Errors    ShapeError if there are more; TapeError as above
/// Cost      f once, and a sweep for each element of f(x)
Var jacobian_full(const VarFunction& f, const Var& x, GradOptions = {});
Array jacobian_full(const VarFunction& f, const Array& x);

}  // namespace ebb
