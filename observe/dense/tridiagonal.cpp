#include <algorithm>
#include <cmath>
#include <ebb/observe/dense/tridiagonal.hpp>
#include <ebb/observe/dense/view.hpp>
#include <ebb/ops/error.hpp>
#include <limits>
#include <numeric>
#include <utility>

namespace ebb::detail {

namespace {

constexpr int most_ql_steps = 60;  // per eigenvalue; two or three are usual

using Numbers = std::vector<double>;

double& at(Numbers& v, int i) { return v[static_cast<std::size_t>(i)]; }

/// The end of the block from l on whose off-diagonal elements are not negligible.
int end_of_block(Numbers& d, Numbers& e, int l) {
  const int last = static_cast<int>(d.size()) - 1;
  int m = l;
  for (; m < last; ++m)
    if (std::abs(at(e, m)) <= std::numeric_limits<double>::epsilon() * (std::abs(at(d, m)) + std::abs(at(d, m + 1))) ||
        std::abs(at(e, m)) < std::numeric_limits<double>::min())
      break;
  return m;
}

/// One QL step with Wilkinson's shift on the block from l to m, with its rotations applied to the rows of Z.
void ql_step(Numbers& d, Numbers& e, int l, int m, const View& Z) {
  double g = (at(d, l + 1) - at(d, l)) / (2 * at(e, l));
  g = at(d, m) - at(d, l) + at(e, l) / (g + std::copysign(std::hypot(g, 1.), g));
  double s = 1, c = 1, p = 0;
  for (int i = m - 1; i >= l; --i) {
    const double f = s * at(e, i), b = c * at(e, i), r = std::hypot(f, g);
    at(e, i + 1) = r;
    if (r == 0) {  // the block falls apart here
      at(d, i + 1) -= p;
      at(e, m) = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = at(d, i + 1) - p;
    const double q = (at(d, i) - g) * s + 2 * c * b;
    p = s * q;
    at(d, i + 1) = g + p;
    g = c * q - b;
    for (int k = 0; k < Z.columns; ++k) {
      const double x = Z(i, k), y = Z(i + 1, k);
      Z(i + 1, k) = s * x + c * y;
      Z(i, k) = c * x - s * y;
    }
  }
  at(d, l) -= p;
  at(e, l) = g;
  at(e, m) = 0;
}

TridiagonalEigen in_ascending_order(Numbers d, const Array& Z) {
  const int m = static_cast<int>(d.size());
  std::vector<int> order(d.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int i, int j) { return std::pair(at(d, i), i) < std::pair(at(d, j), j); });
  TridiagonalEigen result{.values = {}, .vectors = Array::empty({m, m}, f64)};
  for (int i = 0; i < m; ++i) {
    result.values.push_back(at(d, order[static_cast<std::size_t>(i)]));
    result.vectors.range(i, i + 1).assign(
        Z.range(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(i)] + 1));
  }
  return result;
}

}  // namespace

TridiagonalEigen tridiagonal_eigen(const std::vector<double>& diagonal, const std::vector<double>& beside) {
  const int m = static_cast<int>(diagonal.size());
  Numbers d = diagonal, e(beside.begin(), beside.begin() + (m - 1));
  e.push_back(0);
  const auto finite = [](double x) { return std::isfinite(x); };
  if (!std::all_of(d.begin(), d.end(), finite) || !std::all_of(e.begin(), e.end(), finite))
    throw ValueError("a tridiagonal matrix has an infinite or NaN element");
  Array Z = Array::zeros({m, m}, f64);
  const View z(Z);
  for (int i = 0; i < m; ++i) z(i, i) = 1;
  for (int l = 0; l < m; ++l)
    for (int steps = 0;; ++steps) {
      const int end = end_of_block(d, e, l);
      if (end == l) break;
      if (steps == most_ql_steps) throw ValueError("the eigenvalues of a tridiagonal matrix did not converge");
      ql_step(d, e, l, end, z);
    }
  return in_ascending_order(std::move(d), Z);
}

}  // namespace ebb::detail
