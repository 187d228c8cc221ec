#pragma once
#include <ebb/autograd/leaf.hpp>
#include <ebb/ops/pool_allocator.hpp>
#include <vector>

namespace ebb {

class Grads;
namespace detail {
struct Node;
struct GradParts;  // sum_grads.hpp
}  // namespace detail

/// The result of a backward: for each leaf set a flat buffer with the set's layout, for each retained Var and
/// `variable` an array.
class Grads {
  struct OfSet;

 public:
  /// The gradient of a parameter: zeros if the loss does not depend on it. Errors: ValueError if its set was not used
  Array operator[](const Leaf&) const;
  /// The gradient of a retained Var. Errors: TapeError if it was not retained
  Array operator[](const Var&) const;
  bool has(const Var&) const;

  /// All gradients of the first (usually only) leaf set.
  Array flat() const;
  /// The same for every leaf set. The arrays share the gradients' memory.
  std::vector<Array> flats() const;
  const LeafSet& set() const;
  bool empty() const { return sets_.empty(); }
  double norm() const;  ///< Euclidean, over all sets, accumulated in double
  void scale(double factor);
  std::vector<LeafSet> sets() const;
  /// Adds the parameter gradients of another backward, times a factor: gradient accumulation over small batches.
  /// Excludes Vars. Errors: ValueError, with nothing changed, if parameters were added in between
  void add(const Grads& other, double factor = 1);
  bool finite() const;

  // Internal, for the tape and the shards. Before close_gaps() only what the sweep wrote is defined (gaps.cpp).
  OfSet& with_gaps(const LeafSet&, DType);  ///< created with nothing written
  void place(detail::Node& leaf, DType);    ///< makes its part of the flat gradient, all of it a gap, its adjoint
  void close_gaps();                        ///< sets what was not written to zero
  Array& flat_of(const LeafSet&, DType);    ///< created as zeros at first use
  void keep(const Var&, Array);
  void forget_vars() { vars_.clear(); }
  void lead_with(const LeafSet&, DType);  ///< makes this set the first, created as zeros if necessary

 private:
  friend struct detail::GradParts;
  struct OfSet {
    LeafSet set;
    Array flat;
    PoolVector<char> written;  // a flag for each block of leaf_block values; empty: all are written
  };
  struct OfVar {
    std::uint32_t node, epoch;
    Array grad;
  };
  PoolVector<OfSet> sets_;
  PoolVector<OfVar> vars_;
};

}  // namespace ebb
