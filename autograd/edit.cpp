#include <ebb/autograd/edit.hpp>

#include <ebb/autograd/leaf_data.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

Edit::Edit(const LeafSet& set) : set_(set) {
  ++set_.get()->version;
  ++set_.get()->editors;
}
Edit::~Edit() {
  ++set_.get()->version;
  --set_.get()->editors;
}
Array Edit::flat() {
  ++set_.get()->version;
  return set_.flat();
}
Array Edit::operator[](const Leaf& l) {
  if (l.data().set != set_.get())
    throw ValueError(std::string("edit: parameter ") + l.name() + " belongs to another set");
  ++set_.get()->version;
  return set_.get()->view_of(*l.get());
}

}  // namespace ebb
