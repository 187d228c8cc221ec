#include <ebb/autograd/grad.hpp>

#include <ebb/autograd/recomputed.hpp>
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

void check(const char* who, TapeImpl& t, const Var& y, const Var& adjoint, const std::vector<Var>& wrt,
           const GradOptions& o) {
  const auto error = [&](const char* what) { return TapeError(std::string(who) + ": " + what); };
  if (t.node(y, who).requires_grad && t.sweep().freed(y.node()))
    throw error("this graph was freed by an earlier backward");
  if (const Shape& given = t.node(adjoint, who).shape; !(given == y.shape()))
    throw ShapeError(std::string(who) + ": the adjoint is " + text(given) + ", but y is " + text(y.shape()));
  for (const Var& v : wrt)
    if (!t.node(v, who).requires_grad)
      throw error("a Var in wrt does not require a gradient: create it with variable()");
  if (o.create_graph && t.order() < 2)
    throw error("recording the gradient (create_graph) needs a tape of order 2 or more: Tape tape{{.order = 2}}");
}

}  // namespace

std::vector<Var> detail::vjp_for(const char* who, const Var& y, const Var& adjoint, const std::vector<Var>& wrt,
                                 GradOptions o) {
  TapeImpl& t = TapeImpl::current(who);
  check(who, t, y, adjoint, wrt, o);
  if (!t.node(y).requires_grad) {
    std::vector<Var> none;
    for (const Var& v : wrt) none.push_back(zeros(v.shape()));
    return none;
  }
  std::vector<Var> from = wrt;
  for (const Var& v : wrt)
    if (Var part = detail::Recomputed::part_of(v))
      from.push_back(std::move(part));  // of which v is a result: it uses v itself
  const detail::Sweep::Paths only(t.sweep(), y.node(), from);
  return o.create_graph ? detail::Replay::run(t, y.node(), adjoint, wrt) : sweep_for(t, y.node(), adjoint, wrt);
}

std::vector<Var> detail::grad_for(const char* who, const Var& y, const std::vector<Var>& wrt, GradOptions o) {
  if (y.shape().size() != 1)
    throw ShapeError(std::string(who) + ": y must have one element, but is " + text(y.shape()) +
                     "; for other shapes use vjp() with an adjoint");
  return vjp_for(who, y, full(y.shape(), 1), wrt, o);
}

std::vector<Var> vjp(const Var& y, const Var& adjoint, const std::vector<Var>& wrt, GradOptions o) {
  return detail::vjp_for("vjp", y, adjoint, wrt, o);
}

std::vector<Var> grad(const Var& y, const std::vector<Var>& wrt, GradOptions o) {
  return detail::grad_for("grad", y, wrt, o);
}

}  // namespace ebb
