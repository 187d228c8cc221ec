#include <ebb/autograd/var.hpp>

#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/error.hpp>
#include <ostream>

namespace ebb {

using detail::TapeImpl;

namespace {
TapeImpl& tape_of(const Var& v) {
  TapeImpl* t = v ? TapeImpl::find(v.epoch()) : nullptr;  // values on outer tapes may be read
  if (!t) TapeImpl::reject(v);
  return *t;
}
}  // namespace

Array Var::value() const {
  TapeImpl& t = tape_of(*this);
  const Array& a = t.value(node());
  if (!a) throw TapeError("the value of this Var was freed");
  return a;
}
Shape Var::shape() const { return tape_of(*this).node(node()).shape; }
DType Var::dtype() const { return tape_of(*this).dtype(); }
bool Var::requires_grad() const { return tape_of(*this).node(node()).requires_grad; }
double Var::item() const { return value().item(); }
std::ostream& operator<<(std::ostream& s, const Var& v) {
  if (!v) return s << "Var(empty)";
  return s << v.value();
}

Arg::Arg(double x, std::source_location w) : At(TapeImpl::current("a number").number(x), w) {}

}  // namespace ebb
