#pragma once
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/var_function.hpp>
#include <utility>

namespace ebb {

/// f(x) and J v, how f(x) moves when x moves along v: {f(x), J v}.
///
/// By a sweep of a sweep: u^T J is linear in u, and its gradient along v with respect to u is J v. There is no forward
/// mode.
///
/// Shapes    v as x; J v as f(x)
/// Errors    ShapeError if v is not of x's shape; TapeError on a tape of order 1, in a NoGrad, or if an op on the way
///           has a first-order gradient only
/// Cost      f, one recorded sweep and one sweep of that: about three to five times f, and the memory of both. J v for
///           many v: jacobian
std::pair<Var, Var> jvp(const VarFunction& f, const Var& x, const Var& v, GradOptions = {});
/// The same on a tape of its own, in the element type of x.
std::pair<Array, Array> jvp(const VarFunction& f, const Array& x, const Array& v);

/// f(x) and J^T u on a tape of its own: {f(x), J^T u}. On a tape at hand: vjp(y, u, {x}) of grad.hpp.
///
/// Shapes    u as f(x); J^T u as x
/// Cost      f and one sweep
std::pair<Array, Array> vjp(const VarFunction& f, const Array& x, const Array& u);

}  // namespace ebb
