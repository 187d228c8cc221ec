#pragma once
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/var_function.hpp>
#include <utility>

namespace ebb {

/// f(x) and J v, the directional derivative along v: {f(x), J v}.
///
/// Computed with two backward sweeps: u^T J is linear in u, and the gradient of (u^T J) v with respect to u is J v.
/// There is no forward mode.
///
/// Shapes    v as x; J v as f(x)
/// Errors    ShapeError if v does not have x's shape; TapeError on a tape of order 1, in a NoGrad scope, or if an op
///           involved has only a first-order gradient
/// Cost      f, one recorded sweep and a sweep over it: about three to five times f, and the memory of both. For many v
///           use jacobian
std::pair<Var, Var> jvp(const VarFunction& f, const Var& x, const Var& v, GradOptions = {});
/// The same on a new tape, in the element type of x.
std::pair<Array, Array> jvp(const VarFunction& f, const Array& x, const Array& v);

/// f(x) and J^T u on a new tape: {f(x), J^T u}. On an existing tape use vjp(y, u, {x}) of grad.hpp.
///
/// Shapes    u as f(x); J^T u as x
/// Cost      f and one sweep
std::pair<Array, Array> vjp(const VarFunction& f, const Array& x, const Array& u);

}  // namespace ebb
