#include <algorithm>
#include <cstring>
#include <ebb/autograd/leaf_data.hpp>
#include <ebb/autograd/sum_grads.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ranks/rank_tree.hpp>
#include <ebb/ranks/ranks.hpp>
#include <vector>

/// The sum of gradients over ranks: the upper part of the tree of shards, as messages (ranks/rank_tree.hpp). a + b and
/// b + a have the same bits, so it does not matter on which of two ranks they are added.
namespace ebb {
namespace {

using detail::GradBlocks;

constexpr int block_values = static_cast<int>(detail::leaf_block);

/// A message of blocks [first, end), to or from a peer.
struct Parcel {
  int peer, first, end;
  Array values{};                        // where they arrive; undefined in gaps
  PoolVector<char> written{}, packed{};  // if there are gaps: flags, and the values of the blocks that were written
};

class PieceExchange {
 public:
  PieceExchange(const GradBlocks& whole, Ranks& ranks, const detail::RankTree& tree)
      : whole_(whole), ranks_(ranks), tree_(tree), blocks_(static_cast<int>(detail::blocks_of(whole.flat.size()))),
        value_(bytes_of(whole.flat.dtype())) {}

  void run() {
    const auto levels = tree_.levels(ranks_.rank());
    for (const auto& level : levels) add(pass(level, false));
    for (auto level = levels.rbegin(); level != levels.rend(); ++level) (void)pass(*level, true);
  }

 private:
  int block_of(int piece) const { return static_cast<int>(std::int64_t{blocks_} * piece / tree_.pieces()); }
  int value_of(int block) const { return std::min(whole_.flat.dim(0), block * block_values); }
  std::size_t bytes(int first, int end) const {
    return static_cast<std::size_t>(value_of(end) - value_of(first)) * value_;
  }
  char* at(int block) const {
    return static_cast<char*>(whole_.flat.raw()) + static_cast<std::size_t>(value_of(block)) * value_;
  }

  /// Exchanges the messages of a level and returns what arrived; `back`: in reverse, and values arrive in their place.
  std::vector<Parcel> pass(const std::vector<detail::RankTree::Message>& level, bool back) {
    std::vector<Parcel> out, in;
    for (const auto& m : level) {
      const int first = block_of(m.first), end = block_of(m.end);
      if (first == end) continue;
      if (m.sends != back) {
        out.push_back({m.peer, first, end});
        continue;
      }
      const int begin = value_of(first), stop = value_of(end);
      in.push_back({m.peer, first, end,
                    back ? whole_.flat.range(begin, stop) : Array::empty({stop - begin}, whole_.flat.dtype())});
    }
    if (whole_.written) pass_written(out, in, back);
    else pass_all(out, in);
    return in;
  }

  void pass_all(const std::vector<Parcel>& out, std::vector<Parcel>& in) {
    std::vector<Ranks::Outgoing> from_here;
    std::vector<Ranks::Incoming> to_here;
    for (const Parcel& p : out) from_here.push_back({p.peer, at(p.first), bytes(p.first, p.end)});
    for (const Parcel& p : in) to_here.push_back({p.peer, p.values.raw(), bytes(p.first, p.end)});
    ranks_.exchange(from_here, to_here);
  }

  /// First the flags of the blocks, which tell the size of what follows: the blocks that were written.
  void pass_written(std::vector<Parcel>& out, std::vector<Parcel>& in, bool back) {
    std::vector<Ranks::Outgoing> from_here;
    std::vector<Ranks::Incoming> to_here;
    for (const Parcel& p : out)
      from_here.push_back({p.peer, whole_.written + p.first, static_cast<std::size_t>(p.end - p.first)});
    for (Parcel& p : in) {
      p.written.resize(static_cast<std::size_t>(p.end - p.first));
      to_here.push_back({p.peer, p.written.data(), p.written.size()});
    }
    ranks_.exchange(from_here, to_here);
    from_here.clear();
    to_here.clear();
    for (Parcel& p : out) {
      p.packed = packed_blocks(p.first, p.end);
      from_here.push_back({p.peer, p.packed.data(), p.packed.size()});
    }
    for (Parcel& p : in) {
      p.packed.resize(written_bytes(p));
      to_here.push_back({p.peer, p.packed.data(), p.packed.size()});
    }
    ranks_.exchange(from_here, to_here);
    for (Parcel& p : in) unpack(p, back);
  }

  std::size_t written_bytes(const Parcel& p) const {
    std::size_t size = 0;
    for (int b = p.first; b < p.end; ++b)
      if (p.written[static_cast<std::size_t>(b - p.first)]) size += bytes(b, b + 1);
    return size;
  }

  PoolVector<char> packed_blocks(int first, int end) const {
    PoolVector<char> packed;
    for (int b = first; b < end; ++b)
      if (whole_.written[b]) packed.insert(packed.end(), at(b), at(b) + bytes(b, b + 1));
    return packed;
  }

  void unpack(const Parcel& p, bool into_place) {
    const char* next = p.packed.data();
    char* const values = static_cast<char*>(p.values.raw());
    for (int b = p.first; b < p.end; ++b) {
      if (!p.written[static_cast<std::size_t>(b - p.first)]) continue;
      std::memcpy(values + bytes(p.first, b), next, bytes(b, b + 1));
      next += bytes(b, b + 1);
    }
    if (into_place) std::copy(p.written.begin(), p.written.end(), whole_.written + p.first);
  }

  void add(std::vector<Parcel> in) {
    constexpr int grain = 1 << 9;  // blocks
    for (Parcel& p : in) {
      const GradBlocks to{whole_.flat.range(value_of(p.first), value_of(p.end)),
                          whole_.written ? whole_.written + p.first : nullptr};
      const GradBlocks from{p.values, whole_.written ? p.written.data() : nullptr};
      parallel_for(p.end - p.first, grain, [&](std::int64_t first, std::int64_t last) {
        detail::add_blocks(to, from, static_cast<int>(first), static_cast<int>(last));
      });
    }
  }

  const GradBlocks whole_;
  Ranks& ranks_;
  const detail::RankTree& tree_;
  const int blocks_;
  const std::size_t value_;  // bytes of one
};

}  // namespace

void detail::GradParts::sum_over_ranks(Grads& g, const LeafSet& set, DType dtype, Ranks& ranks, const RankTree& tree,
                                       bool gaps) {
  Grads::OfSet& s = g.with_gaps(set, dtype);
  const int rank = ranks.rank(), active = tree.active();
  if (rank < active) {
    if (!gaps) s.written.clear();
    else if (s.written.empty()) s.written.assign(static_cast<std::size_t>(blocks_of(s.flat.size())), 1);
    PieceExchange({s.flat, gaps ? s.written.data() : nullptr}, ranks, tree).run();
    g.close_gaps();
    for (int idle = rank + active; idle < ranks.size(); idle += active) ranks.send(idle, s.flat.raw(), s.flat.bytes());
  } else {
    s.written.clear();
    ranks.receive(rank % active, s.flat.raw(), s.flat.bytes());
  }
}

}  // namespace ebb
