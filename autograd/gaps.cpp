#include <ebb/autograd/gaps.hpp>

#include <algorithm>
#include <cstring>
#include <ebb/autograd/grads.hpp>
#include <ebb/autograd/leaf_data.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/parallel.hpp>

/// A large table of which a batch reads a few rows has a gradient that is zero but for these. Its part of the flat
/// gradient is not cleared at the start of a sweep: each block of leaf_block values has a flag, and a block without it,
/// a gap, holds nothing yet. What writes to a whole leaf or reads it closes its gaps first.
namespace ebb {
namespace {

/// Calls f(first, last) for each run of blocks in [first, last) whose flag is not set.
template <class F> void each_gap(const char* written, std::int64_t first, std::int64_t last, F&& f) {
  while (first < last) {
    const void* gap = std::memchr(written + first, 0, static_cast<std::size_t>(last - first));
    if (!gap) return;
    first = static_cast<const char*>(gap) - written;
    const void* next = std::memchr(written + first, 1, static_cast<std::size_t>(last - first));
    const std::int64_t end = next ? static_cast<const char*>(next) - written : last;
    f(first, end);
    first = end;
  }
}

/// Sets the gaps among blocks [first, last) to zero; `values` are those of block 0.
void clear_gaps(void* values, DType type, char* written, std::int64_t first, std::int64_t last) {
  const std::size_t block = static_cast<std::size_t>(detail::leaf_block) * bytes_of(type);
  each_gap(written, first, last, [&](std::int64_t from, std::int64_t to) {
    const auto count = static_cast<std::size_t>(to - from);
    std::memset(static_cast<char*>(values) + static_cast<std::size_t>(from) * block, 0, count * block);
    std::memset(written + from, 1, count);
  });
}

/// The entries that `tokens` name, in the order in which they first appear, and the tokens as indices of these.
struct Named {
  PoolVector<int> entries;
  Tokens among;

  Named(const Tokens& tokens, int all) : among(tokens.shape()) {
    PoolVector<int> place(static_cast<std::size_t>(all), -1);
    for (std::int64_t i = 0; i < tokens.size(); ++i) {
      const int entry = tokens.data()[i];
      int& at = place[static_cast<std::size_t>(entry)];
      if (at < 0) {
        at = static_cast<int>(entries.size());
        entries.push_back(entry);
      }
      among.data()[i] = at;
    }
  }
};

}  // namespace

void detail::close_gaps(Node& leaf) {
  if (!leaf.in_flat || !leaf.attributes) return;
  clear_gaps(leaf.grad.raw(), leaf.grad.dtype(), static_cast<char*>(leaf.attributes), 0, blocks_of(leaf.grad.size()));
  leaf.attributes = nullptr;
}

void detail::add_rows(Node& leaf, const Tokens& tokens, const Array& g) {
  const Named named(tokens, leaf.shape[0]);
  const int count = static_cast<int>(named.entries.size());
  if (count == 0 || leaf.shape.size() == 0) return;
  const Array sums = scatter_add(g, named.among, count);
  const std::int64_t entry = leaf.shape.size() / leaf.shape[0];
  for (int k = 0; k < count; ++k) {
    const int to = named.entries[static_cast<std::size_t>(k)];
    if (leaf.attributes)
      clear_gaps(leaf.grad.raw(), g.dtype(), static_cast<char*>(leaf.attributes), to * entry / leaf_block,
                 blocks_of((to + 1) * entry));
    Array target = leaf.grad.range(to, to + 1);
    add_into(target, sums.range(k, k + 1));
  }
}

Grads::OfSet& Grads::with_gaps(const LeafSet& set, DType dtype) {
  for (OfSet& s : sets_)
    if (s.set.get() == set.get()) return s;
  sets_.push_back({set, Array::empty({static_cast<int>(set.size())}, dtype), {}});
  sets_.back().written.assign(static_cast<std::size_t>(detail::blocks_of(set.size())), 0);
  return sets_.back();
}

void Grads::place(detail::Node& leaf, DType dtype) {
  OfSet& s = with_gaps(LeafSet(leaf.leaf->set), dtype);
  leaf.grad = (*this)[Leaf(leaf.leaf)];
  leaf.attributes = s.written.empty() ? nullptr : s.written.data() + leaf.leaf->offset / detail::leaf_block;
  leaf.in_flat = true;
}

void Grads::close_gaps() {
  for (OfSet& s : sets_) {
    parallel_for(static_cast<std::int64_t>(s.written.size()), 1 << 12, [&](std::int64_t first, std::int64_t last) {
      clear_gaps(s.flat.raw(), s.flat.dtype(), s.written.data(), first, last);
    });
    s.written.clear();
  }
}

}  // namespace ebb
