#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/error.hpp>
#include <ostream>

namespace ebb {

using detail::TapeImpl;

namespace {
TapeImpl& tape_of(const Var& v) {
  if (!v) throw TapeError("an empty Var was used");
  if (TapeImpl* t = TapeImpl::find(v.epoch())) return *t;   // reading an outer tape's numbers is harmless
  throw TapeError("this Var's tape is gone, or belongs to another thread");
}
}  // namespace

Array Var::value() const {
  TapeImpl& t = tape_of(*this);
  const Array& a = t.value(node_);
  if (!a) throw TapeError("the value of this Var was freed");
  return a;
}
Shape Var::shape() const { return tape_of(*this).node(node_).shape; }
DType Var::dtype() const { return tape_of(*this).dtype; }
bool Var::requires_grad() const { return tape_of(*this).node(node_).requires_grad; }
double Var::item() const { return value().item(); }
std::ostream& operator<<(std::ostream& s, const Var& v) {
  if (!v) return s << "Var(empty)";
  return s << v.value();
}

Arg::Arg(double x, std::source_location w) : At(TapeImpl::current("a number").number(x), w) {}

Var constant(const Array& numbers, std::source_location where) {
  TapeImpl& t = TapeImpl::current("constant");
  return t.push(t.convert(numbers), where);
}

Var variable(const Array& numbers, std::source_location where) {
  return TapeImpl::current("variable").variable(numbers, where);
}

Var zeros(Shape shape, std::source_location where) {
  TapeImpl& t = TapeImpl::current("zeros");
  return t.push(Array::zeros(shape, t.dtype), where);
}

Var full(Shape shape, double x, std::source_location where) {
  TapeImpl& t = TapeImpl::current("full");
  return t.push(Array::full(shape, x, t.dtype), where);
}

Var detach(At x) {
  TapeImpl& t = TapeImpl::current("detach");
  t.node(x.var, "detach");
  return t.push(t.value(x.var.node()), x.where);
}

Var retain(const Var& v) {
  TapeImpl& t = TapeImpl::current("retain");
  detail::Node& n = t.node(v, "retain");
  if (!n.requires_grad) throw TapeError("retain: this Var does not depend on anything that has a gradient");
  n.retained = true;
  return v;
}

Tape::Tape(TapeOptions o) : impl_(TapeImpl::open(o)) {}
Tape::~Tape() { TapeImpl::close(static_cast<TapeImpl*>(impl_)); }
DType Tape::dtype() const { return static_cast<TapeImpl*>(impl_)->dtype; }
int Tape::order() const { return static_cast<TapeImpl*>(impl_)->order; }
TapeStats Tape::stats() const { return static_cast<TapeImpl*>(impl_)->stats(); }

NoGrad::NoGrad() : before_(TapeImpl::current("NoGrad").recording_) { TapeImpl::current().recording_ = false; }
NoGrad::~NoGrad() {
  if (TapeImpl* t = TapeImpl::innermost()) t->recording_ = before_;
}

int steps::iterator::operator*() const {
  if (TapeImpl* t = TapeImpl::innermost()) t->time = t_;
  return t_;
}
bool steps::iterator::operator!=(const iterator& o) const {
  if (t_ != o.t_) return true;
  if (TapeImpl* t = TapeImpl::innermost()) t->time = -1;
  return false;
}

}  // namespace ebb
