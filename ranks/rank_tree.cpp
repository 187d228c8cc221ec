#include <fmt/format.h>
#include <algorithm>
#include <ebb/ops/error.hpp>
#include <ebb/ranks/rank_tree.hpp>

namespace ebb::detail {

RankTree::RankTree(int shards, int ranks) : active_(std::min(shards, ranks)) {
  if (shards < 1 || ranks < 1)
    throw ValueError(fmt::format("{} shards cannot be divided among {} ranks", shards, ranks));
  int width = 1;
  while (width < shards) width *= 2;
  root_ = split(0, width, shards, 0, active_, 0);
}

/// Makes the node of shards [shard, shard + width) of all, with at most as many ranks; returns its index.
int RankTree::split(int shard, int width, int all, int rank, int ranks, int depth) {
  const int own = std::min(width, all - shard), half = width / 2;
  if (ranks > 1 && own <= half) return split(shard, half, all, rank, ranks, depth);  // its right half is empty
  const int at = static_cast<int>(nodes_.size());
  nodes_.push_back({shard, own, rank, ranks, depth});
  if (ranks == 1) return at;
  depth_ = std::max(depth_, depth + 1);
  const int right_shards = own - half, share = ranks * right_shards / own;
  const int right = std::clamp(share, std::max(1, ranks - half), std::min(right_shards, ranks - 1));
  const int l = split(shard, half, all, rank, ranks - right, depth + 1);
  const int r = split(shard + half, half, all, rank + ranks - right, right, depth + 1);
  nodes_[static_cast<std::size_t>(at)].left = l;
  nodes_[static_cast<std::size_t>(at)].right = r;
  return at;
}

std::pair<int, int> RankTree::shards_of(int rank) const {
  for (const Node& n : nodes_)
    if (n.left < 0 && n.rank == rank) return {n.shard, n.shard + n.shards};
  return {0, 0};
}

// Neighbours meet at the greatest depth and divide the values by the highest bit: each message is one range of pieces.
bool RankTree::on_the_right(int node, int piece) const {
  return (piece >> nodes_[static_cast<std::size_t>(node)].depth & 1) != 0;
}

/// The rank that has the sum of a node's shards for this piece.
int RankTree::holder(int node, int piece) const {
  const Node* n = &nodes_[static_cast<std::size_t>(node)];
  while (n->left >= 0) {
    node = on_the_right(node, piece) ? n->right : n->left;
    n = &nodes_[static_cast<std::size_t>(node)];
  }
  return n->rank;
}

std::vector<std::vector<RankTree::Message>> RankTree::levels(int rank) const {
  std::vector<std::vector<Message>> all;
  for (int at = root_; nodes_[static_cast<std::size_t>(at)].left >= 0;) {
    const Node& n = nodes_[static_cast<std::size_t>(at)];
    const bool right = nodes_[static_cast<std::size_t>(n.right)].has(rank);
    const int mine = right ? n.right : n.left, other = right ? n.left : n.right;
    std::vector<Message> level;
    for (int p = 0; p < pieces(); ++p) {
      if (holder(mine, p) != rank) continue;
      const Message m{holder(other, p), on_the_right(at, p) != right, p, p + 1};
      if (!level.empty() && level.back().peer == m.peer && level.back().sends == m.sends && level.back().end == p)
        level.back().end = m.end;
      else level.push_back(m);
    }
    all.push_back(std::move(level));
    at = mine;
  }
  std::reverse(all.begin(), all.end());
  return all;
}

}  // namespace ebb::detail
