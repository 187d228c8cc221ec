#pragma once
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/var_function.hpp>

namespace ebb {

/// H v for the Hessian H of a scalar y with respect to all of `wrt` jointly; result i is sum_j H_ij v_j.
///
///     Tape tape{{.dtype = f64, .order = 2}};
///     std::vector<Var> Hv = hvp(loss, {var_of(m.W), var_of(m.U)}, {v, w});
///
/// Shapes    v[k] as wrt[k]
/// Errors    ShapeError if y does not have exactly one element or a v does not fit; TapeError on a tape of order 1, or
///           if an op involved has only a first-order gradient
/// Cost      one recorded sweep and a sweep over it: about twice a gradient's flops each, and the memory of both
/// Source    Pearlmutter 1994, doi:10.1162/neco.1994.6.1.147
std::vector<Var> hvp(const Var& y, const std::vector<Var>& wrt, const std::vector<Var>& v, GradOptions = {});
/// H v of a scalar function at x, on a new tape, in the element type of x.
Array hvp(const VarFunction& f, const Array& x, const Array& v);

/// The Hessian of a scalar function, for small x.
///
/// Shapes    x [N] -> [N, N]; x [M, N] -> [M, N, M, N]
/// Errors    as for hvp; ShapeError if x has more than two axes
/// Cost      f, one recorded sweep, and a sweep over it for each element of x
Var hessian(const VarFunction& f, const Var& x, GradOptions = {});
Array hessian(const VarFunction& f, const Array& x);

}  // namespace ebb
