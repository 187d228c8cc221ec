#include <algorithm>
#include <cmath>
#include <ebb/observe/dense/graded_jacobi.hpp>
#include <functional>
#include <limits>
#include <utility>

namespace ebb::detail {

namespace {

constexpr int most_sweeps = 60;

/// Rotates the rows e^dx x and e^dy y of length n to be orthogonal. Returns whether they were not.
bool rotate(double* x, double& dx, double* y, double& dy, int n) {
  if (dx < dy) return rotate(y, dy, x, dx, n);
  double xx = 0, xy = 0, yy = 0;
  for (int k = 0; k < n; ++k) {
    xx += x[k] * x[k];
    xy += x[k] * y[k];
    yy += y[k] * y[k];
  }
  if (std::abs(xy) <= n * std::numeric_limits<double>::epsilon() * std::sqrt(xx) * std::sqrt(yy)) return false;
  // tan = 2 rho xy / (xx - rho^2 yy +- root). The row y needs tan / rho, which is finite where rho underflows.
  const double rho = std::exp(dy - dx), gap = xx - rho * rho * yy;
  const double tan_by_rho = 2 * xy / (gap + std::copysign(std::hypot(gap, 2 * rho * xy), gap)), tan = rho * tan_by_rho;
  const double cos = 1 / std::sqrt(1 + tan * tan);
  for (int k = 0; k < n; ++k) {
    const double a = x[k], b = y[k];
    x[k] = cos * (a + tan * rho * b);
    y[k] = cos * (b - tan_by_rho * a);
  }
  return true;
}

/// Moves a row's norm into its scale.
void normalise(double* x, double& d, int n) {
  double largest = 0, squares = 0;
  for (int k = 0; k < n; ++k) largest = std::max(largest, std::abs(x[k]));
  if (largest == 0) {
    d = -std::numeric_limits<double>::infinity();
    return;
  }
  for (int k = 0; k < n; ++k) squares += (x[k] / largest) * (x[k] / largest);
  const double length = std::sqrt(squares);
  for (int k = 0; k < n; ++k) x[k] = x[k] / largest / length;
  d += std::log(largest) + std::log(length);
}

}  // namespace

std::vector<double> graded_log_singular_values(std::vector<double> d, Array X) {
  const View x(X);
  const auto scale = [&](int i) -> double& { return d[static_cast<std::size_t>(i)]; };
  bool moved = true;
  for (int sweep = 0; moved && sweep < most_sweeps; ++sweep) {
    moved = false;
    for (int i = 0; i < x.rows; ++i) normalise(x.row(i), scale(i), x.columns);
    for (int i = 0; i < x.rows; ++i)
      for (int j = i + 1; j < x.rows; ++j)
        if (std::isfinite(scale(i)) && std::isfinite(scale(j)))
          moved |= rotate(x.row(i), scale(i), x.row(j), scale(j), x.columns);
  }
  for (int i = 0; i < x.rows; ++i) normalise(x.row(i), scale(i), x.columns);
  std::sort(d.begin(), d.end(), std::greater<>());
  return d;
}

}  // namespace ebb::detail
