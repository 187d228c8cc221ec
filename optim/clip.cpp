#include <algorithm>
#include <cmath>
#include <ebb/ops/error.hpp>
#include <ebb/optim/clip.hpp>
#include <fmt/format.h>

namespace ebb {

namespace {

void check(const char* op, double largest) {
  if (!(largest > 0)) throw ValueError(fmt::format("{}: the bound must be above zero, but is {}", op, largest));
}

template <class T> std::int64_t clip(T* g, std::int64_t n, T bound) {
  std::int64_t outside = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    outside += !(std::abs(g[i]) <= bound);
    g[i] = std::min(std::max(g[i], -bound), bound);   // both keep a NaN that stands first
  }
  return outside;
}

}  // namespace

double clip_by_norm(Grads& g, double largest) {
  check("clip_by_norm", largest);
  const double norm = g.norm();
  if (std::isfinite(norm) && norm > largest) g.scale(largest / norm);
  return norm;
}

std::int64_t clip_by_value(Grads& g, double largest) {
  check("clip_by_value", largest);
  std::int64_t outside = 0;
  for (Array flat : g.flats())
    outside += with_dtype(flat.dtype(), [&](auto zero) {
      using T = decltype(zero);
      return clip(flat.data<T>(), flat.size(), static_cast<T>(largest));
    });
  return outside;
}

}  // namespace ebb
