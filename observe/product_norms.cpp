#include <algorithm>
#include <cmath>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/observe/dense/view.hpp>
#include <ebb/observe/gradient_norms.hpp>
#include <ebb/observe/product_norms.hpp>
#include <ebb/observe/products_by_vectors.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/linalg.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/reduce.hpp>
#include <limits>
#include <string>

namespace ebb {

namespace {

constexpr int largest_exact = 512;  // S: beyond, no S x S matrix is formed
constexpr double not_a_pair = std::numeric_limits<double>::quiet_NaN();

/// A product as a matrix and the logarithm of its scale.
struct Scaled {
  Array matrix;
  double log_scale = 0;

  explicit Scaled(int S) : matrix(Array::zeros({S, S}, f64)) {
    const detail::View v(matrix);
    for (int i = 0; i < S; ++i) v(i, i) = 1;
  }
  void multiply(const Array& J) {
    matrix = matmul(J, matrix);
    const double largest = largest_magnitude(matrix);
    if (!std::isfinite(largest)) throw ValueError("product_norms: a product of Jacobians is infinite or NaN");
    if (largest == 0) return;
    matrix = matrix * (1 / largest);
    log_scale += std::log(largest);
  }
  double log_frobenius() const {
    double squares = 0;
    for (std::int64_t k = 0; k < matrix.size(); ++k) squares += matrix.data<double>()[k] * matrix.data<double>()[k];
    return log_scale + std::log(squares) / 2;
  }
  double log_spectral() const { return log_scale + std::log(singular_values(matrix).at_flat(0)); }
};

void check_product_options(const ProductNormOptions& o) {
  if (o.probes < 0) throw ValueError("product_norms: the number of probes is " + std::to_string(o.probes));
  if (o.iterations < 1)
    throw ValueError("product_norms: the power method has at least one iteration, not " + std::to_string(o.iterations));
}

/// The map by products of matrices, [B, starts] of which grow along the run.
class ExactMap {
 public:
  ExactMap(ProductNorms& result, int B, bool spectral)
      : result_(result), rows_(static_cast<std::size_t>(B)), spectral_(spectral) {}

  void record(int i, int S) {
    for (auto& row : rows_) row.emplace_back(S);
    each([&](int b, int k) {
      const Scaled& p = rows_[static_cast<std::size_t>(b)][static_cast<std::size_t>(k)];
      const int n = static_cast<int>(result_.times.size());
      const std::int64_t at = (std::int64_t{i} * n + k) * static_cast<int>(rows_.size()) + b;
      result_.log_frobenius.set_flat(at, p.log_frobenius());
      if (spectral_) result_.log_spectral.set_flat(at, p.log_spectral());
    });
  }
  void multiply(const Array& J) {
    each([&](int b, int k) { rows_[static_cast<std::size_t>(b)][static_cast<std::size_t>(k)].multiply(J[b]); });
  }

 private:
  template <class F> void each(const F& f) {
    const int starts = static_cast<int>(rows_.front().size());
    parallel_for(static_cast<std::int64_t>(rows_.size()) * starts, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t k = begin; k < end; ++k) f(static_cast<int>(k / starts), static_cast<int>(k % starts));
    });
  }
  ProductNorms& result_;
  std::vector<std::vector<Scaled>> rows_;
  bool spectral_;
};

}  // namespace

ProductNorms product_norms(const Cell& cell, const Drive& drive, const Array& start, const ProductNormOptions& o) {
  check_product_options(o);
  const int T = drive.steps();
  const bool exact = o.probes == 0 && state_size(cell) <= largest_exact;
  Trajectory s(cell, drive, start, o.at);
  ProductNorms result;
  result.times = detail::map_points(0, T, o.every, exact ? 64 : 16, "product_norms");
  const int n = static_cast<int>(result.times.size());
  result.log_frobenius = Array::full({n, n, s.rows()}, not_a_pair, f64);
  if (o.spectral) result.log_spectral = result.log_frobenius.copy();
  if (!exact) {
    detail::by_vectors(result, cell, drive, start, o);
    return result;
  }
  ExactMap map(result, s.rows(), o.spectral);
  for (int i = 0;; s.advance()) {
    if (s.time() == result.times[static_cast<std::size_t>(i)]) map.record(i++, s.size());
    if (i == n) return result;
    if (i > 0) map.multiply(s.jacobian());
  }
}

}  // namespace ebb
