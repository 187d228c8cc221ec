#pragma once
#include <ebb/autograd/leaf.hpp>

namespace ebb {

/// The only way to change values: `Edit e{set}; e.flat()...`. Raises the version, so that a tape that already used
/// the old values refuses its backward; once more at each access and at its end, since views are written to in between.
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
