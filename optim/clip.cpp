#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/norm.hpp>
#include <ebb/ops/reduce.hpp>
#include <ebb/optim/clip.hpp>

namespace ebb {

namespace {

void check(const char* op, double largest) {
  if (!(largest > 0)) throw ValueError(fmt::format("{}: the bound must be above zero, but is {}", op, largest));
}

template <class T> std::int64_t clip(T* g, std::int64_t n, T bound) {
  std::int64_t outside = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    outside += !(std::abs(g[i]) <= bound);
    g[i] = std::min(std::max(g[i], -bound), bound);  // both return a NaN first argument
  }
  return outside;
}

/// Clips each column of g relative to the same column of w; w and g [rows, columns].
template <class T>
std::int64_t clip_columns(T* g, const Array& weights, int rows, int columns, double share, double epsilon) {
  const Array w = weights.compact();
  const T* in = w.template data<T>();
  std::int64_t outside = 0;
  for (int c = 0; c < columns; ++c) {
    const double norm = detail::strided_norm(g + c, columns, rows);
    const double most = share * std::max(detail::strided_norm(in + c, columns, rows), epsilon);
    if (norm <= most) continue;
    ++outside;
    if (!std::isfinite(norm)) continue;
    for (std::int64_t at = c, r = 0; r < rows; ++r, at += columns)
      g[at] = static_cast<T>(static_cast<double>(g[at]) * (most / norm));
  }
  return outside;
}

template <class F> void each_trained(const Grads& g, const F& f) {
  for (const LeafSet& set : g.sets())
    for (int k = 0; k < set.count(); ++k)
      if (set[k].trained()) f(set[k]);
}

}  // namespace

double clip_by_norm(Grads& g, double largest) {
  check("clip_by_norm", largest);
  const double norm = g.norm();
  if (std::isfinite(norm) && norm > largest) g.scale(largest / norm);
  return norm;
}

int clip_each_by_norm(Grads& g, double largest) {
  check("clip_each_by_norm", largest);
  int outside = 0;
  each_trained(g, [&](const Leaf& leaf) {
    Array part = g[leaf];
    const double norm = norm_of(part);
    if (norm <= largest) return;
    ++outside;
    if (std::isfinite(norm)) scale_in_place(part, largest / norm);
  });
  return outside;
}

std::int64_t clip_adaptive(Grads& g, double share, double epsilon) {
  check("clip_adaptive", share);
  check("clip_adaptive, epsilon", epsilon);
  std::int64_t outside = 0;
  each_trained(g, [&](const Leaf& leaf) {
    Array part = g[leaf];
    const int columns = leaf.shape().rank() < 2 ? 1 : leaf.shape().columns();
    const int rows = static_cast<int>(leaf.shape().size() / columns);
    outside += with_dtype(part.dtype(), [&](auto zero) {
      using T = decltype(zero);
      return clip_columns(part.data<T>(), leaf.value().to(part.dtype()), rows, columns, share, epsilon);
    });
  });
  return outside;
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
