#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/observe/curvature.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

void check_product(const Array& v, int N, const Var& recorded) {
  const detail::TapeImpl* innermost = detail::TapeImpl::innermost();
  if (!innermost || innermost->epoch() != recorded.epoch())
    throw TapeError("curvature: a tape that was created after this product's is still open, or this is another thread");
  if (!(v.shape() == Shape{N}))
    throw ShapeError("curvature: the direction is " + text(v.shape()) + ", not [" + std::to_string(N) + "]");
}

}  // namespace

HessianProduct::HessianProduct(const Objective& objective)
    : objective_(objective), p_(detail::trained_leaves(objective.parameters())), tape_({.dtype = f64, .order = 2}) {
  theta_ = variable(p_.values());
  const detail::BoundParameters bound(p_, theta_);
  const Var loss = objective_();
  loss_ = loss.item();
  gradient_ = grad(loss, {theta_}, {.create_graph = true})[0];
}

Array HessianProduct::operator()(const Array& v) const {
  check_product(v, size(), gradient_);
  return vjp(gradient_, constant(v), {theta_})[0].value();
}

GaussNewtonProduct::GaussNewtonProduct(const LeafSet& set, const std::function<Var()>& outputs,
                                       const std::function<Var(const Var& z)>& loss)
    : p_(detail::trained_leaves(set)), tape_({.dtype = f64, .order = 2}) {
  theta_ = variable(p_.values());
  const detail::BoundParameters bound(p_, theta_);
  z_ = outputs();
  u_ = variable(Array::zeros(z_.shape(), f64));
  uJ_ = vjp(z_, u_, {theta_}, {.create_graph = true})[0];
  at_ = variable(z_.value());
  const Var y = loss(at_);
  slope_ = grad(y, {at_}, {.create_graph = true})[0];
  loss_ = y.item();
}

Array GaussNewtonProduct::operator()(const Array& v) const {
  check_product(v, size(), z_);
  const Var Jv = vjp(uJ_, constant(v), {u_})[0];
  const Var LJv = vjp(slope_, Jv, {at_})[0];
  return vjp(z_, LJv, {theta_})[0].value();
}

}  // namespace ebb
