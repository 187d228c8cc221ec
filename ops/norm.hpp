#pragma once
#include <cmath>
#include <cstdint>

/// Norms whose squares may leave the range of their type. Internal.
namespace ebb::detail {

/// Whether a float64 sum of squares has neither overflowed nor lost terms to underflow.
inline bool safe_squares(double sum) { return sum > 0x1p-800 && sum < 0x1p1000; }

/// The exponent n of a power of two above the maximum magnitude. Values are divided by 2^n, which is exact, before they
/// are squared.
inline int scale_of(double largest) {
  int exponent = 0;
  std::frexp(largest, &exponent);
  return exponent;
}

/// sqrt(sum of x^2) of n values `stride` apart, in float64.
template <class T> double strided_norm(const T* x, std::int64_t stride, std::int64_t n) {
  double sum = 0, largest = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(x[i * stride]) * static_cast<double>(x[i * stride]);
  if (safe_squares(sum)) return std::sqrt(sum);
  for (std::int64_t i = 0; i < n; ++i) {
    const double one = std::abs(static_cast<double>(x[i * stride]));
    if (one > largest || std::isnan(one)) largest = one;
    if (std::isnan(largest)) return largest;
  }
  if (largest == 0 || std::isinf(largest)) return largest;
  const int scale = scale_of(largest);
  sum = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const double one = std::ldexp(static_cast<double>(x[i * stride]), -scale);
    sum += one * one;
  }
  return std::ldexp(std::sqrt(sum), scale);
}

}  // namespace ebb::detail
