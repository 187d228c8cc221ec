#pragma once
#include <ebb/autograd/leaf.hpp>
#include <ebb/ops/matmul.hpp>
#include <mutex>

namespace ebb::detail {

/// Gives a leaf's Var at each use, by the tape's time step, -1 outside steps; an empty Var for the binding's array.
class VarByTime {
 public:
  virtual Var at(int time) = 0;

 protected:
  ~VarByTime() = default;
};

/// The implementation of Bind: replaces a leaf's value while it lives. Each thread has a list that its shards inherit.
struct Binding {
  Binding(const Leaf&, const Shape&, Var, Array, bool transformed);
  ~Binding();
  const LeafData* leaf;
  Var var;
  Array array;
  VarByTime* by_time = nullptr;  // goes before var and array
  bool transformed;  // the result of transforms, for all shards; else a replacement of the parameter's raw values
  Binding* outer;
  std::uint64_t serial;  // odd and unique: identifies it on a tape, since a pointer may be reused
  std::mutex packing;    // guards pack, the packs of `array` and its transpose for all shards, if it is transformed
  Pack pack[2];
};

Binding*& bindings();                  ///< the calling thread's innermost binding
Binding* binding_of(const LeafData*);  ///< the innermost binding of this leaf, or null

}  // namespace ebb::detail
