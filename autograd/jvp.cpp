#include <ebb/autograd/jvp.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

void check_same(const char* what, const Shape& v, const Shape& x) {
  if (!(v == x)) throw ShapeError(std::string(what) + " is " + text(v) + ", expected " + text(x));
}

}  // namespace

std::pair<Var, Var> jvp(const VarFunction& f, const Var& x, const Var& v, GradOptions o) {
  check_same("jvp: the direction v", v.shape(), x.shape());
  const detail::Recorded r(f, x, "jvp");
  const Var u = variable(Array::zeros(r.y.shape(), r.y.dtype()));
  const Var uJ = detail::vjp_for("jvp", r.y, u, {r.x}, {.create_graph = true})[0];
  return {r.y, detail::vjp_for("jvp", uJ, v, {u}, o)[0]};
}

std::pair<Array, Array> jvp(const VarFunction& f, const Array& x, const Array& v) {
  const Tape tape{{.dtype = x.dtype(), .order = 2}};
  const auto [y, Jv] = jvp(f, variable(x), constant(v));
  return {y.value(), Jv.value()};
}

std::pair<Array, Array> vjp(const VarFunction& f, const Array& x, const Array& u) {
  const Tape tape{{.dtype = x.dtype()}};
  const detail::Recorded r(f, variable(x), "vjp");
  check_same("vjp: the adjoint u", u.shape(), r.y.shape());
  return {r.y.value(), vjp(r.y, constant(u), {r.x})[0].value()};
}

}  // namespace ebb
