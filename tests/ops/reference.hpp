#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <ebb/ops/array.hpp>
#include <ebb/ops/random.hpp>
#include <limits>

#include "same_bits.hpp"

/// Shared by the tests of ops: test data and comparisons.
namespace reference {

using ebb::Array;
using ebb::DType;
using ebb::Shape;
using test::same_bits;

/// Uniform values in [low, high), determined by the seed.
inline Array numbers(const Shape& s, DType t, std::uint64_t seed, double low = -2, double high = 2) {
  return ebb::uniform(s, ebb::Key{seed}, low, high, t);
}

/// The same values as columns [2, 2 + n) of a wider array: a view whose row stride differs from its width.
inline Array as_view(const Array& a) {
  if (a.rank() == 0) return a;
  Array wide = Array::full(a.shape().with(-1, a.columns() + 5), 1e30, a.dtype());
  Array view = wide.column_block(2, 2 + a.columns());
  view.assign(a);
  return view;
}

/// Distance of a result from the exact value, in ulp of the result's type.
template <class T> double ulps(T got, long double want) {
  if (std::isnan(got) || std::isnan(want)) return std::isnan(got) && std::isnan(want) ? 0 : 1e30;
  const T rounded = static_cast<T>(want);
  if (got == rounded) return 0;
  if (std::isinf(got) || std::isinf(rounded)) return 1e30;
  int exponent = 0;
  std::frexp(rounded, &exponent);
  const long double unit = std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits);
  const long double least = std::numeric_limits<T>::denorm_min();
  return static_cast<double>(std::fabs(static_cast<long double>(got) - want) / (unit > least ? unit : least));
}

/// Largest difference relative to the second array's largest element, or to one if that is smaller.
inline double distance(const Array& got, const Array& want) {
  if (!(got.shape() == want.shape())) return std::numeric_limits<double>::infinity();
  double off = 0, scale = 1;
  for (std::int64_t i = 0; i < want.size(); ++i) {
    const double x = got.at_flat(i), y = want.at_flat(i);
    off = std::isnan(x) ? std::numeric_limits<double>::infinity() : std::fmax(off, std::fabs(x - y));
    scale = std::fmax(scale, std::fabs(y));
  }
  return off / scale;
}

}  // namespace reference
