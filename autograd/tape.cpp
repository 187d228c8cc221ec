#include <ebb/autograd/tape.hpp>

#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

using detail::TapeImpl;

Tape::Tape(TapeOptions o) : impl_(TapeImpl::open(o)) {}
Tape::~Tape() { TapeImpl::close(impl_); }
DType Tape::dtype() const { return impl_->dtype(); }
int Tape::order() const { return impl_->order(); }
TapeStats Tape::stats() const { return impl_->stats(); }

Grads Tape::backward(const Var& loss, bool retain_graph) {
  Grads g = impl_->backward(loss, retain_graph);
  g.close_gaps();
  return g;
}

Grads TapeImpl::backward(const Var& loss, bool retain_graph) {
  if (find(epoch()) != this) throw TapeError("backward: this tape belongs to another thread, which created it");
  const detail::Node& n = node(loss, "backward");
  if (n.shape.size() != 1)
    throw ShapeError("backward: the loss must have exactly one element, but is " + text(n.shape) +
                     ": take its sum or mean");
  if (n.requires_grad && sweep_.freed(loss.node()))
    throw TapeError("backward: this graph was freed by an earlier backward; pass retain_graph = true there");
  leaves_.check_versions();
  try {
    Grads g = leaves_.place_gradients();
    if (n.requires_grad) sweep_.run(loss.node(), Array::full(n.shape, 1, dtype_), !retain_graph);
    sweep_.collect(g, n.requires_grad ? loss.node() : 0);
    return g;
  } catch (...) {
    sweep_.clear_adjoints();
    throw;
  }
}

Var retain(const Var& v) {
  detail::Node& n = TapeImpl::current("retain").node(v, "retain");
  if (!n.requires_grad) throw TapeError("retain: this Var does not depend on any parameter or variable");
  n.retained = true;
  return v;
}

NoGrad::NoGrad() : tape_(TapeImpl::current("NoGrad").epoch()), before_(TapeImpl::current().set_recording(false)) {}
NoGrad::~NoGrad() {
  if (TapeImpl* t = TapeImpl::find(tape_)) t->set_recording(before_);
}

steps::steps(int begin, int end) : begin_(begin), end_(end) {
  if (const TapeImpl* t = TapeImpl::innermost()) {
    tape_ = t->epoch();
    before_ = t->time();
  }
}
steps::~steps() {
  if (TapeImpl* t = TapeImpl::find(tape_)) t->set_time(before_);
}
int steps::iterator::operator*() const {
  if (TapeImpl* t = TapeImpl::innermost()) t->set_time(t_);
  return t_;
}

}  // namespace ebb
