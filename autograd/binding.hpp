#pragma once
#include <ebb/autograd/leaf.hpp>
#include <ebb/ops/matmul.hpp>
#include <mutex>

namespace ebb::detail {

/// Behind Bind: a leaf's value, replaced while this lives. Each thread has a list of them, which its shards inherit.
struct Binding {
  Binding(const Leaf&, const Shape&, Var, Array, bool transformed);
  ~Binding();
  const LeafData* leaf;
  Var var;
  Array array;
  bool transformed;  // what the transforms made, for all shards; else it stands for the parameter's own numbers
  Binding* outer;
  std::uint64_t serial;  // odd and never used twice: what a tape knows it by, since a pointer may come back
  std::mutex packing;    // guards pack: of `array` and its transpose, if it is transformed, for all shards
  Pack pack[2];
};

Binding*& bindings();                  ///< the calling thread's innermost
Binding* binding_of(const LeafData*);  ///< the innermost of this leaf, null if there is none

}  // namespace ebb::detail
