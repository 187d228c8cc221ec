#include <ebb/autograd/sum_grads.hpp>

#include <algorithm>
#include <cstring>
#include <ebb/autograd/leaf_data.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/parallel.hpp>

namespace ebb {

int detail::GradBlocks::end_of_run(int block, int last) const {
  if (!written) return last;
  const void* other = std::memchr(written + block, !written[block], static_cast<std::size_t>(last - block));
  return other ? static_cast<int>(static_cast<const char*>(other) - written) : last;
}

void detail::add_blocks(const GradBlocks& to, const GradBlocks& from, int first, int last) {
  const int size = to.flat.dim(0);
  for (int end; first < last; first = end) {
    end = from.end_of_run(first, last);
    if (!from.has(first)) continue;
    end = to.end_of_run(first, end);
    const int begin = first * static_cast<int>(leaf_block);
    const int stop = std::min(size, end * static_cast<int>(leaf_block));
    Array target = to.flat.range(begin, stop);
    const Array x = from.flat.range(begin, stop);
    if (to.has(first)) {
      add_into(target, x);
    } else {
      target.assign(x);
      std::memset(to.written + first, 1, static_cast<std::size_t>(end - first));
    }
  }
}

bool detail::GradParts::has_gaps(const Grads& g) {
  return std::any_of(g.sets_.begin(), g.sets_.end(), [](const Grads::OfSet& s) {
    return !s.written.empty() && std::memchr(s.written.data(), 0, s.written.size()) != nullptr;
  });
}

void detail::GradParts::sum(Grads* all, std::size_t count) {
  constexpr int piece = 1 << 9;  // blocks, few enough that all shards' pieces fit the cache
  for (std::size_t k = 1; k < count; ++k)
    for (const Grads::OfSet& s : all[k].sets_) all[0].with_gaps(s.set, s.flat.dtype());
  for (Grads::OfSet& s : all[0].sets_) {
    PoolVector<GradBlocks> parts;
    for (std::size_t k = 0; k < count; ++k) {
      if (all[k].sets_.empty()) {
        parts.push_back({});
        continue;
      }
      Grads::OfSet& of = all[k].with_gaps(s.set, s.flat.dtype());
      parts.push_back({of.flat, of.written.empty() ? nullptr : of.written.data()});
    }
    const int blocks = static_cast<int>(blocks_of(s.flat.size())), pieces = (blocks + piece - 1) / piece;
    parallel_for(pieces, 4, [&](std::int64_t first, std::int64_t last) {
      for (auto p = static_cast<int>(first); p < static_cast<int>(last); ++p)
        for (std::size_t stride = 1; stride < count; stride *= 2)
          for (std::size_t k = 0; k + stride < count; k += 2 * stride)
            if (parts[k + stride].flat)
              add_blocks(parts[k], parts[k + stride], p * piece, std::min(blocks, (p + 1) * piece));
    });
  }
  for (std::size_t k = 1; k < count; ++k) all[k] = Grads();
}

}  // namespace ebb
