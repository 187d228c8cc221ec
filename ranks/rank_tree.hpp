#pragma once
#include <utility>
#include <vector>

namespace ebb::detail {

/// Divides shards among ranks, and the sum over shards into messages, so that the sum has the same bits for any number
/// of ranks.
///
/// Shards are summed pairwise, in their order: a binary tree whose leaves are the shards. A rank owns one of its
/// subtrees, so it owns contiguous shards. Above the subtrees, ranks meet in pairs of neighbours, then pairs of pairs.
/// Where two halves of 2^k ranks meet, each value of the sum is added on one side: half of what a rank holds goes to
/// the other side, and half comes from there (recursive halving). At the end each rank has the sum of one piece, and
/// the same messages in reverse carry the pieces to all.
///
///     4 ranks, 4 pieces   0 <-> 1: halves   2 <-> 3: halves   then 0 <-> 2, 1 <-> 3: quarters
///
/// Number of ranks that is no power of two: the subtrees differ in size, and the largest determines the time. Ranks
/// beyond the shards own none.
///
/// Cost      of the messages of one rank: 2 (1 - 1/ranks) times the values, in 2 log2(ranks) steps
/// Source    Rabenseifner 2004, doi:10.1007/978-3-540-24685-5_1, in the order of the shards
class RankTree {
 public:
  /// Errors    ValueError unless both are at least 1
  RankTree(int shards, int ranks);

  int active() const { return active_; }          ///< the ranks that own shards are 0 to active() - 1
  std::pair<int, int> shards_of(int rank) const;  ///< first and end; equal if it owns none
  int pieces() const { return 1 << depth_; }      ///< into which the values are divided

  /// One message: pieces [first, end) from or to another rank.
  struct Message {
    int peer;
    bool sends;  ///< the sum of these pieces continues at the peer
    int first, end;
  };
  /// Those of a rank that owns shards, level by level: all of a level are exchanged at once.
  std::vector<std::vector<Message>> levels(int rank) const;

 private:
  struct Node {
    int shard, shards;  // first, number
    int rank, ranks;
    int depth;  // of the node, 0 for the whole
    int left = -1, right = -1;
    bool has(int r) const { return r >= rank && r < rank + ranks; }
  };
  int split(int shard, int width, int all, int rank, int ranks, int depth);
  int holder(int node, int piece) const;
  bool on_the_right(int node, int piece) const;

  std::vector<Node> nodes_;  // those where ranks meet, and the ranks' subtrees
  int root_ = 0, active_ = 1, depth_ = 0;
};

}  // namespace ebb::detail
