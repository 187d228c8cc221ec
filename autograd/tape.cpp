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

namespace {

/// At its end no adjoint is left, unless all have been collected.
class Adjoints {
 public:
  explicit Adjoints(detail::Sweep& s) : sweep_(s) {}
  ~Adjoints() {
    if (!collected_) sweep_.clear_adjoints();
  }
  Adjoints(const Adjoints&) = delete;
  Adjoints& operator=(const Adjoints&) = delete;
  void collect(Grads& g) {
    sweep_.collect(g);
    collected_ = true;
  }

 private:
  detail::Sweep& sweep_;
  bool collected_ = false;
};

}  // namespace

Grads Tape::backward(const Var& loss, bool retain_graph) {
  TapeImpl& t = *impl_;
  if (TapeImpl::find(t.epoch()) != &t)
    throw TapeError("backward: this tape belongs to another thread, the one that made it");
  const detail::Node& n = t.node(loss, "backward");
  if (n.shape.size() != 1)
    throw ShapeError("backward: the loss must be a single number, this one is " + text(n.shape) +
                     ": take its sum or mean");
  if (n.requires_grad && t.sweep().freed(loss.node()))
    throw TapeError(
        "backward: this graph was spent by an earlier backward; pass retain_graph = true there to use it again");
  t.leaves().check_versions();
  Adjoints adjoints(t.sweep());
  Grads g = t.leaves().place_gradients();
  if (n.requires_grad) t.sweep().run(loss.node(), Array::full(n.shape, 1, t.dtype()), !retain_graph);
  adjoints.collect(g);
  return g;
}

Var retain(const Var& v) {
  detail::Node& n = TapeImpl::current("retain").node(v, "retain");
  if (!n.requires_grad) throw TapeError("retain: this Var does not depend on anything that has a gradient");
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
