#include <ebb/autograd/binding.hpp>

#include <atomic>
#include <ebb/ops/error.hpp>
#include <string>

namespace ebb::detail {

Binding*& bindings() {
  static thread_local Binding* head = nullptr;
  return head;
}

Binding* binding_of(const LeafData* leaf) {
  Binding* bound = bindings();
  while (bound && bound->leaf != leaf) bound = bound->outer;
  return bound;
}

Binding::Binding(const Leaf& l, const Shape& shape, Var v, Array a, bool whole)
    : leaf(l.get()), var(std::move(v)), array(std::move(a)), transformed(whole), outer(bindings()) {
  static std::atomic<std::uint64_t> next{1};
  if (!(shape == l.shape())) throw ShapeError(std::string("bind: the shape of parameter ") + l.name() + " differs");
  serial = next.fetch_add(2);
  bindings() = this;
}

Binding::~Binding() {  // in any order: an exception destroys a vector of them from the front
  Binding** at = &bindings();
  while (*at && *at != this) at = &(*at)->outer;
  if (*at) *at = outer;
}

}  // namespace ebb::detail
