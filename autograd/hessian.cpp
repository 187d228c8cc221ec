#include <ebb/autograd/hessian.hpp>
#include <ebb/autograd/jacobian.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

std::vector<Var> hvp(const Var& y, const std::vector<Var>& wrt, const std::vector<Var>& v, GradOptions o) {
  if (v.size() != wrt.size())
    throw ShapeError("hvp: expected one direction for each of " + detail::counted(wrt.size(), "Var") + ", but got " +
                     std::to_string(v.size()));
  for (std::size_t k = 0; k < v.size(); ++k)
    if (!(v[k].shape() == wrt[k].shape()))
      throw ShapeError("hvp: direction " + std::to_string(k) + " is " + text(v[k].shape()) + ", but its Var is " +
                       text(wrt[k].shape()));
  const std::vector<Var> g = detail::grad_for("hvp", y, wrt, {.create_graph = true});
  Var along = zeros({});
  for (std::size_t k = 0; k < v.size(); ++k) along += sum(g[k] * v[k]);
  return detail::grad_for("hvp", along, wrt, o);
}

Array hvp(const VarFunction& f, const Array& x, const Array& v) {
  const Tape tape{{.dtype = x.dtype(), .order = 2}};
  const detail::Recorded r(f, variable(x), "hvp");
  return hvp(r.y, {r.x}, {constant(v)})[0].value();
}

Var hessian(const VarFunction& f, const Var& x, GradOptions o) {
  if (x.rank() > 2)
    throw ShapeError("hessian: x is " + text(x.shape()) + ", but may have at most two axes: reshape it");
  const auto gradient = [&](const Var& at) {
    return detail::grad_for("hessian", f(at), {at}, {.create_graph = true})[0];
  };
  return jacobian_full(gradient, x, o);
}

Array hessian(const VarFunction& f, const Array& x) {
  const Tape tape{{.dtype = x.dtype(), .order = 2}};
  return hessian(f, variable(x)).value();
}

}  // namespace ebb
