#include <ebb/autograd/grad.hpp>

#include <ebb/autograd/replay.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

using detail::TapeImpl;

namespace {

/// Retains the gradients of these Vars within its scope.
class Retained {
 public:
  Retained(TapeImpl& t, const std::vector<Var>& vars) : tape_(t), vars_(vars) {
    for (const Var& v : vars_) before_.push_back(t.node(v).retained);
    for (const Var& v : vars_) t.node(v).retained = true;
  }
  ~Retained() {
    for (std::size_t k = vars_.size(); k-- > 0;) tape_.node(vars_[k].node()).retained = before_[k] != 0;
  }
  Retained(const Retained&) = delete;
  Retained& operator=(const Retained&) = delete;

 private:
  TapeImpl& tape_;
  const std::vector<Var>& vars_;
  std::vector<char> before_;
};

/// First order: a sweep on arrays that retains the graph.
std::vector<Var> sweep_for(TapeImpl& t, std::uint32_t root, const Var& adjoint, const std::vector<Var>& wrt) {
  const Retained retained(t, wrt);
  t.sweep().run(root, t.value(adjoint.node()), false);
  std::vector<Var> out;
  for (const Var& v : wrt) {
    detail::Node& n = t.node(v);
    out.push_back(constant(n.grad ? n.grad : Array::zeros(n.shape, t.dtype())));
  }
  return out;
}

void check(TapeImpl& t, const Var& y, const std::vector<Var>& wrt, const GradOptions& o) {
  if (t.node(y, "grad").requires_grad && t.sweep().freed(y.node()))
    throw TapeError("grad: this graph was freed by an earlier backward");
  for (const Var& v : wrt)
    if (!t.node(v, "grad").requires_grad)
      throw TapeError("grad: a Var in wrt does not require a gradient: create it with variable()");
  if (o.create_graph && t.order() < 2)
    throw TapeError("grad: create_graph needs a tape of order 2 or more: Tape tape{{.order = 2}}");
}

}  // namespace

std::vector<Var> vjp(const Var& y, const Var& adjoint, const std::vector<Var>& wrt, GradOptions o) {
  TapeImpl& t = TapeImpl::current("grad");
  check(t, y, wrt, o);
  if (!t.node(y).requires_grad) {
    std::vector<Var> none;
    for (const Var& v : wrt) none.push_back(zeros(v.shape()));
    return none;
  }
  const detail::Sweep::Paths only(t.sweep(), y.node(), wrt);
  return o.create_graph ? detail::Replay::run(t, y.node(), adjoint, wrt) : sweep_for(t, y.node(), adjoint, wrt);
}

std::vector<Var> grad(const Var& y, const std::vector<Var>& wrt, GradOptions o) {
  if (y.shape().size() != 1)
    throw ShapeError("grad: y must have one element, but is " + text(y.shape()) +
                     "; for other shapes use vjp() with an adjoint");
  return vjp(y, full(y.shape(), 1), wrt, o);
}

}  // namespace ebb
