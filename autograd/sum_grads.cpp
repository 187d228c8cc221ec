#include <ebb/autograd/sum_grads.hpp>

#include <algorithm>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/parallel.hpp>

namespace ebb {

void detail::sum_grads(Grads* all, std::size_t count) {
  constexpr int piece = 1 << 13;  // elements, few enough that all shards' pieces fit the cache
  for (std::size_t k = 1; k < count; ++k)
    for (const Grads::OfSet& s : all[k].sets_) all[0].flat_of(s.set, s.flat.dtype());
  for (Grads::OfSet& s : all[0].sets_) {
    PoolVector<Array> parts;
    for (std::size_t k = 0; k < count; ++k)
      parts.push_back(all[k].sets_.empty() ? Array() : all[k].flat_of(s.set, s.flat.dtype()));
    const int size = s.flat.dim(0), pieces = (size + piece - 1) / piece;
    parallel_for(pieces, 4, [&](std::int64_t first, std::int64_t last) {
      for (auto p = static_cast<int>(first); p < static_cast<int>(last); ++p)
        for (std::size_t stride = 1; stride < count; stride *= 2)
          for (std::size_t k = 0; k + stride < count; k += 2 * stride) {
            if (!parts[k + stride]) continue;
            Array target = parts[k].range(p * piece, std::min(size, (p + 1) * piece));
            add_into(target, parts[k + stride].range(p * piece, std::min(size, (p + 1) * piece)));
          }
    });
  }
  for (std::size_t k = 1; k < count; ++k) all[k] = Grads();
}

}  // namespace ebb
