#pragma once
#include <ebb/autograd/leaf.hpp>

namespace ebb {

/// The only way to change values: `Edit e{set}; e.flat()...`. Increments the version, so that backward is an error on a
/// tape that used the old values; again at each access and at its end, since views may be written to in between.
class Edit {
 public:
  explicit Edit(const LeafSet&);
  ~Edit();
  Edit(const Edit&) = delete;
  Edit& operator=(const Edit&) = delete;
  Array flat();
  Array operator[](const Leaf&);  ///< writable view

 private:
  LeafSet set_;
};

}  // namespace ebb
