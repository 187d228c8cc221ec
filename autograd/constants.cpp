#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/tape_impl.hpp>

/// Constants and variables, which enter the graph, and detach, which leaves it.
namespace ebb {

using detail::TapeImpl;

Var constant(const Array& values, std::source_location where) {
  TapeImpl& t = TapeImpl::current("constant");
  if (detail::Probe* p = t.probe()) [[unlikely]]
    p->began(t, "constant", nullptr, 0);
  return t.push(t.convert(values), where);
}

Var variable(const Array& values, std::source_location where) {
  TapeImpl& t = TapeImpl::current("variable");
  return t.input(t.convert(values), true, where);
}

Var zeros(Shape shape, std::source_location where) {
  TapeImpl& t = TapeImpl::current("zeros");
  if (detail::Probe* p = t.probe()) [[unlikely]]
    p->began(t, "zeros", nullptr, 0);
  return t.push(Array::zeros(shape, t.dtype()), where);
}

Var full(Shape shape, double x, std::source_location where) {
  TapeImpl& t = TapeImpl::current("full");
  if (detail::Probe* p = t.probe()) [[unlikely]]
    p->began(t, "full", nullptr, 0);
  return t.push(Array::full(shape, x, t.dtype()), where);
}

Var detach(At x) {
  TapeImpl& t = TapeImpl::current("detach");
  t.node(x.var, "detach");
  return t.push(Array(t.value(x.var.node())), x.where);
}

}  // namespace ebb
