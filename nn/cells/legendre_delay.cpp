#include <algorithm>
#include <cmath>
#include <ebb/nn/cells/legendre_delay.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/matmul.hpp>
#include <string>

namespace ebb::detail {
namespace {

double largest_column_sum(const Array& a) {
  double largest = 0;
  for (int j = 0; j < a.dim(1); ++j) {
    double sum = 0;
    for (int i = 0; i < a.dim(0); ++i) sum += std::abs(a.at({i, j}));
    largest = std::max(largest, sum);
  }
  return largest;
}

void add_identity(Array& a) {
  for (int k = 0; k < a.dim(0); ++k) {
    const std::int64_t at = std::int64_t{k} * a.dim(0) + k;
    a.set_flat(at, a.at_flat(at) + 1);
  }
}

/// By Horner's rule: 1 + x (1 + x / 2 (1 + x / 3 ...)).
Array exponential(const Array& a) {
  const double size = largest_column_sum(a);
  const int halvings = size > .5 ? static_cast<int>(std::ceil(std::log2(size / .5))) : 0;
  const Array x = a * std::ldexp(1, -halvings);
  Array y = Array::zeros(a.shape(), f64);
  add_identity(y);
  for (int k = 18; k >= 1; --k) {
    y = matmul(x, y) * (1. / k);
    add_identity(y);
  }
  for (int k = 0; k < halvings; ++k) y = matmul(y, y);
  return y;
}

}  // namespace

LegendreDelay legendre_delay(int order, double theta) {
  if (order < 1) throw ValueError("legendre_delay: the order is at least 1, not " + std::to_string(order));
  if (!(theta >= 1)) throw ValueError("legendre_delay: theta is at least 1 step, not " + std::to_string(theta));
  const int n = order + 1;
  Array both = Array::zeros({n, n}, f64);
  for (int i = 0; i < order; ++i) {
    const double size = (2 * i + 1) / theta;
    for (int j = 0; j < order; ++j) both.set_flat(std::int64_t{j} * n + i, size * (i < j || (i - j) % 2 == 0 ? -1 : 1));
    both.set_flat(std::int64_t{order} * n + i, size * (i % 2 == 0 ? 1 : -1));
  }
  const Array e = exponential(both).column_block(0, order);
  return {.A = e.range(0, order).copy(), .B = e.range(order, n).copy()};
}

}  // namespace ebb::detail
