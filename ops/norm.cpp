#include <cmath>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/norm.hpp>
#include <ebb/ops/reduce.hpp>
#include <limits>
#include <span>

namespace ebb {
namespace {

/// Whether all these norms are far from T's smallest and largest values, so that squares were summed without loss.
template <class T> bool safe(const Array& norms) {
  constexpr int digits = std::numeric_limits<T>::digits, least = std::numeric_limits<T>::min_exponent;
  const T low = std::ldexp(T(1), (least + 2 * digits) / 2), high = std::sqrt(std::numeric_limits<T>::max()) / 16;
  const T* y = norms.data<T>();
  for (std::int64_t i = 0; i < norms.size(); ++i)
    if (!(y[i] > low && y[i] < high)) return false;
  return true;
}

/// For each maximum magnitude a power of two near it, by which division is exact; 1 where there is none.
Array powers_near(const Array& largest) {
  Array p = Array::empty(largest.shape(), largest.dtype());
  for (std::int64_t i = 0; i < p.size(); ++i) {
    const double v = largest.at_flat(i);
    p.set_flat(i, v > 0 && std::isfinite(v) ? std::ldexp(1.0, std::ilogb(v)) : 1.0);
  }
  return p;
}

}  // namespace

Array norm(const Array& x, Axes axes, Keep keep) {
  if (x.size() == 0) return sum(x, axes, keep);
  const Array plain = sqrt(sum(square(x), axes, keep));
  if (x.dtype() == f32 ? safe<float>(plain) : safe<double>(plain)) return plain;
  const Array scale = powers_near(amax(abs(x), axes, Keep::yes));
  const Array y = sqrt(sum(square(x / scale), axes, Keep::yes)) * scale;
  return keep == Keep::yes ? y : sum(y, axes);  // these axes have extent one, so this only removes them
}

double norm_of(const Array* parts, std::size_t count) {
  const std::span all(parts, count);
  double squares = 0, largest = 0;
  for (const Array& x : all) squares += sum_of_squares(x);
  if (detail::safe_squares(squares)) return std::sqrt(squares);
  for (const Array& x : all) {
    const double one = largest_magnitude(x);
    if (std::isnan(one)) return one;
    if (one > largest) largest = one;
  }
  if (largest == 0 || std::isinf(largest)) return largest;
  const int scale = detail::scale_of(largest);
  squares = 0;
  for (const Array& x : all) {
    Array scaled = x.to(f64).copy();
    scale_in_place(scaled, std::ldexp(1, -scale / 2));  // in two steps: the inverse of the smallest value overflows
    scale_in_place(scaled, std::ldexp(1, -scale - -scale / 2));
    squares += sum_of_squares(scaled);
  }
  return std::ldexp(std::sqrt(squares), scale);
}

}  // namespace ebb
