// The only file that includes Eigen: its inline functions are compiled for the baseline architecture and must not be
// shared with code compiled for another (docs/decisions/0010). This file distributes matrices over threads, so Eigen
// must not.
#define EIGEN_DONT_PARALLELIZE
#define EIGEN_MPL2_ONLY
#include <Eigen/Dense>
#include <algorithm>
#include <complex>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/linalg.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/text.hpp>
#include <vector>

namespace ebb {

namespace {

using Matrix = Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

struct Matrices {
  Array all;  // float64, contiguous
  int rows, columns;
  std::int64_t count;
  Matrix operator[](std::int64_t k) const { return {all.data<double>() + k * rows * columns, rows, columns}; }
};

Matrices matrices_of(const Array& a, const char* what) {
  if (a.rank() < 2)
    throw ShapeError(std::string(what) + ": expected matrices [..., rows, columns], got " + text(a.shape()));
  if (!all_finite(a)) throw ValueError(std::string(what) + ": the matrix has an infinite or NaN element");
  const int rows = a.dim(-2), columns = a.dim(-1);
  const std::int64_t each = std::int64_t{rows} * columns;
  return {a.to(f64).compact(), rows, columns, each == 0 ? 0 : a.size() / each};
}

/// By decreasing modulus, then decreasing real part, then positive imaginary part first.
bool before(const std::complex<double>& a, const std::complex<double>& b) {
  const double x = std::abs(a), y = std::abs(b);
  if (x != y) return x > y;
  return a.real() != b.real() ? a.real() > b.real() : a.imag() > b.imag();
}

}  // namespace

Array singular_values(const Array& a) {
  const Matrices m = matrices_of(a, "singular_values");
  const int n = std::min(m.rows, m.columns);
  Array result = Array::zeros(a.shape().without(-1).with(-1, n), f64);
  double* const out = result.data<double>();
  parallel_for(m.count, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = begin; k < end; ++k) {
      const Eigen::BDCSVD<Eigen::MatrixXd> svd{Eigen::MatrixXd(m[k])};
      std::copy_n(svd.singularValues().data(), n, out + k * n);
    }
  });
  return result.to(a.dtype());
}

ComplexArrays eigenvalues(const Array& a) {
  const Matrices m = matrices_of(a, "eigenvalues");
  const int n = m.rows;
  if (n != m.columns) throw ShapeError("eigenvalues: the matrix must be square, got " + text(a.shape()));
  Array real = Array::zeros(a.shape().without(-1), f64), imag = Array::zeros(a.shape().without(-1), f64);
  double *const re = real.data<double>(), *const im = imag.data<double>();
  std::vector<char> failed(static_cast<std::size_t>(m.count));
  parallel_for(m.count, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = begin; k < end; ++k) {
      const Eigen::EigenSolver<Eigen::MatrixXd> solver(m[k], false);
      failed[static_cast<std::size_t>(k)] = solver.info() != Eigen::Success;
      if (failed[static_cast<std::size_t>(k)]) continue;
      std::vector<std::complex<double>> values(solver.eigenvalues().begin(), solver.eigenvalues().end());
      std::sort(values.begin(), values.end(), before);
      std::transform(values.begin(), values.end(), re + k * n, [](const auto& z) { return z.real(); });
      std::transform(values.begin(), values.end(), im + k * n, [](const auto& z) { return z.imag(); });
    }
  });
  if (std::find(failed.begin(), failed.end(), 1) != failed.end())
    throw ValueError("eigenvalues: the QR iteration did not converge");
  return {real.to(a.dtype()), imag.to(a.dtype())};
}

}  // namespace ebb
