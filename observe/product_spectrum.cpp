#include <algorithm>
#include <cmath>
#include <ebb/observe/dense/factors.hpp>
#include <ebb/observe/dense/graded_jacobi.hpp>
#include <ebb/observe/product_spectrum.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/text.hpp>
#include <limits>
#include <string>

namespace ebb {

namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

Array unit_matrix(int n) {
  Array one = Array::zeros({n, n}, f64);
  const detail::View v(one);
  for (int i = 0; i < n; ++i) v(i, i) = 1;
  return one;
}

/// Overwrites R by U with diag(e^d') U = R diag(e^d), each row with a maximum of 1. Returns d'.
std::vector<double> take_scales(const detail::View& R, const std::vector<double>& d) {
  std::vector<double> scales(static_cast<std::size_t>(R.rows), minus_infinity);
  for (int i = 0; i < R.rows; ++i) {
    double& most = scales[static_cast<std::size_t>(i)];
    for (int j = i; j < R.columns; ++j)
      most = std::max(most, std::log(std::abs(R(i, j))) + d[static_cast<std::size_t>(j)]);
    for (int j = i; j < R.columns && most > minus_infinity; ++j)
      R(i, j) *= std::exp(d[static_cast<std::size_t>(j)] - most);
  }
  return scales;
}

}  // namespace

ProductSpectrum::ProductSpectrum(int S) : d_(static_cast<std::size_t>(S)), Q_(unit_matrix(S)), X_(unit_matrix(S)) {}

void ProductSpectrum::multiply(const Array& A) {
  const int S = static_cast<int>(d_.size());
  if (!(A.shape() == Shape{S, S}))
    throw ShapeError("product_spectrum: each factor must be [" + std::to_string(S) + ", " + std::to_string(S) +
                     "], but this one is " + text(A.shape()));
  if (!all_finite(A))
    throw ValueError("product_spectrum: an element of factor " + std::to_string(factors_) + " is infinite or NaN");
  detail::PivotedQr f = detail::pivoted_qr(matmul(A.to(f64), Q_), d_, true);
  Array rows = Array::empty({S, S}, f64);
  std::vector<double> d(d_.size());
  for (int j = 0; j < S; ++j) {
    const auto to = static_cast<std::size_t>(j), from = static_cast<std::size_t>(f.order[to]);
    d[to] = d_[from] + f.log_scale[to];
    rows[j].assign(X_[f.order[to]]);
  }
  d_ = take_scales(detail::View(f.R), d);
  Q_ = f.Q;
  X_ = matmul(f.R, rows);
  ++factors_;
}

Array ProductSpectrum::log_singular_values() const {
  const std::vector<double> values = detail::graded_log_singular_values(d_, X_.copy());
  Array result = Array::empty({static_cast<int>(values.size())}, f64);
  std::copy(values.begin(), values.end(), result.data<double>());
  return result;
}

Array log_singular_values(const Array& factors) {
  if (factors.rank() != 3)
    throw ShapeError("log_singular_values: factors are [k, S, S], these are " + text(factors.shape()));
  ProductSpectrum p(factors.dim(1));
  for (int k = 0; k < factors.dim(0); ++k) p.multiply(factors[k]);
  return p.log_singular_values();
}

}  // namespace ebb
