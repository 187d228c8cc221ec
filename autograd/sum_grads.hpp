#pragma once
#include <ebb/autograd/grads.hpp>
#include <ebb/ranks/rank_tree.hpp>
#include <ebb/ranks/ranks.hpp>

namespace ebb::detail {

/// A set's flat gradient, or some of its blocks, in one shard.
struct GradBlocks {
  Array flat;               ///< empty: already added to its left neighbour
  char* written = nullptr;  ///< a flag for each block; null: there are no gaps
  bool has(int block) const { return !written || written[block]; }
  int end_of_run(int block, int last) const;  ///< of the run of blocks that are like `block`, written or not
};

/// Adds blocks [first, last) of `from`. Its gaps are zero, and what it adds to a gap is copied: no sum that begins at
/// zero is -0, so that the bits are those of a sum of whole gradients.
void add_blocks(const GradBlocks& to, const GradBlocks& from, int first, int last);

/// Access to the gaps of Grads, besides their own functions.
struct GradParts {
  static void sum(Grads* first, std::size_t count);
  static bool has_gaps(const Grads&);
  /// Sums over ranks, in the order of the shards (rank_sum.cpp), into `g` of each rank: its own sum before, or empty if
  /// it owns no shard. `gaps`: that of any rank may have gaps. Leaves none.
  static void sum_over_ranks(Grads& g, const LeafSet&, DType, Ranks&, const RankTree&, bool gaps);
};

/// Sums all gradients into the first, pairwise and in order. An empty entry has already been added to its left
/// neighbour in the tree.
inline void sum_grads(Grads* first, std::size_t count) { GradParts::sum(first, count); }

}  // namespace ebb::detail
