// One of the two files that include Eigen, whose inline functions are compiled for the baseline architecture and must
// not be shared with code compiled for another (docs/decisions/0010). This file distributes matrices over threads, so
// Eigen must not. It calls Eigen's steps one by one: BDCSVD and EigenSolver also instantiate what singular vectors and
// eigenvectors need, and take six times as long to compile.
#define EIGEN_DONT_PARALLELIZE
#define EIGEN_MPL2_ONLY
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <complex>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/linalg.hpp>
#include <ebb/ops/norm.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/text.hpp>
#include <vector>

namespace ebb {

namespace {

using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

struct Matrices {
  Array all;  // float64, contiguous
  int rows, columns;
  std::int64_t count;
};

Matrices matrices_of(const Array& a, const char* what) {
  if (a.rank() < 2)
    throw ShapeError(std::string(what) + ": expected matrices [..., rows, columns], got " + text(a.shape()));
  if (!all_finite(a)) throw ValueError(std::string(what) + ": the matrix has an infinite or NaN element");
  const int rows = a.dim(-2), columns = a.dim(-1);
  const std::int64_t each = std::int64_t{rows} * columns;
  return {a.to(f64).compact(), rows, columns, each == 0 ? 0 : a.size() / each};
}

/// One matrix, divided by the power of two above its largest element, so that squares do not overflow. This is exact
/// except for elements that underflow, which are below the rounding error.
struct Scaled {
  MatrixXd a;
  int exponent;

  Scaled(const Matrices& m, std::int64_t k) {
    const double* const from = m.all.data<double>() + k * m.rows * m.columns;
    a = Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(from, m.rows,
                                                                                                 m.columns);
    exponent = detail::scale_of(a.cwiseAbs().maxCoeff());
    for (double& x : a.reshaped()) x = std::ldexp(x, -exponent);
  }
};

/// Householder reflections from the left and the right in turn leave a bidiagonal matrix: diagonal and upper diagonal
/// alternate in the result. a has at least as many rows as columns.
VectorXd bidiagonal(MatrixXd& a) {
  const Index rows = a.rows(), columns = a.cols();
  VectorXd result(2 * columns - 1), work(rows);
  for (Index k = 0;; ++k) {
    const Index below = rows - k, right = columns - k - 1;
    double tau = 0;
    a.col(k).tail(below).makeHouseholderInPlace(tau, result[2 * k]);
    if (right == 0) return result;
    a.bottomRightCorner(below, right).applyHouseholderOnTheLeft(a.col(k).tail(below - 1), tau, work.data());
    a.row(k).tail(right).makeHouseholderInPlace(tau, result[2 * k + 1]);
    a.bottomRightCorner(below - 1, right)
        .applyHouseholderOnTheRight(a.row(k).tail(right - 1).transpose(), tau, work.data());
  }
}

/// The symmetric tridiagonal matrix with a zero diagonal and a bidiagonal matrix beside it has the singular values and
/// their negatives as eigenvalues (Golub & Kahan 1965).
bool singular_values_of(MatrixXd& a, double* out) {
  const Index n = a.cols();
  Eigen::SelfAdjointEigenSolver<MatrixXd> solver;
  solver.computeFromTridiagonal(VectorXd::Zero(2 * n), bidiagonal(a), Eigen::EigenvaluesOnly);
  for (Index k = 0; k < n; ++k) out[k] = std::abs(solver.eigenvalues()[2 * n - 1 - k]);
  return solver.info() == Eigen::Success;
}

/// By decreasing modulus, then decreasing real part, then positive imaginary part first.
bool before(const std::complex<double>& a, const std::complex<double>& b) {
  const double x = std::abs(a), y = std::abs(b);
  if (x != y) return x > y;
  return a.real() != b.real() ? a.real() > b.real() : a.imag() > b.imag();
}

/// Of the quasi-triangular matrix t, whose blocks of two by two have conjugate pairs.
std::vector<std::complex<double>> eigenvalues_on_diagonal(const MatrixXd& t, Index n) {
  std::vector<std::complex<double>> values;
  for (Index k = 0; k < n; ++k) {
    if (k + 1 == n || t(k + 1, k) == 0) {
      values.emplace_back(t(k, k));
      continue;
    }
    const double half = (t(k, k) - t(k + 1, k + 1)) / 2, real = t(k + 1, k + 1) + half;
    const double imag = std::sqrt(std::abs(half * half + t(k + 1, k) * t(k, k + 1)));
    values.emplace_back(real, imag);
    values.emplace_back(real, -imag);
    ++k;
  }
  return values;
}

bool eigenvalues_of(const MatrixXd& a, std::vector<std::complex<double>>& values) {
  const Eigen::HessenbergDecomposition<MatrixXd> hessenberg(a);
  // Columns a power of two apart would evict each other from the cache: a row and a column of zeros moves them.
  const Index n = a.rows(), padded = n % 32 == 0 ? n + 1 : n;
  MatrixXd h = MatrixXd::Zero(padded, padded);
  for (Index j = 0; j < n; ++j)
    h.col(j).head(std::min(n, j + 2)) = hessenberg.packedMatrix().col(j).head(std::min(n, j + 2));
  Eigen::RealSchur<MatrixXd> schur(padded);
  schur.computeFromHessenberg(h, h, false);
  if (schur.info() != Eigen::Success) return false;
  values = eigenvalues_on_diagonal(schur.matrixT(), n);
  std::sort(values.begin(), values.end(), before);
  return true;
}

/// One thread per matrix; solve(k) is false if the iteration did not converge.
template <class F> void each_matrix(const Matrices& m, const char* name, F solve) {
  std::vector<char> failed(static_cast<std::size_t>(m.count));
  parallel_for(m.count, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = begin; k < end; ++k) failed[static_cast<std::size_t>(k)] = !solve(k);
  });
  if (std::find(failed.begin(), failed.end(), 1) != failed.end())
    throw ValueError(std::string(name) + ": the QR iteration did not converge");
}

}  // namespace

Array singular_values(const Array& a) {
  const bool wide = a.rank() >= 2 && a.dim(-2) < a.dim(-1);
  const Matrices m = matrices_of(wide ? transpose(a) : a, "singular_values");
  const int n = m.columns;
  Array result = Array::zeros(a.shape().without(-1).with(-1, n), f64);
  double* const out = result.data<double>();
  each_matrix(m, "singular_values", [&](std::int64_t k) {
    Scaled one(m, k);
    const bool converged = singular_values_of(one.a, out + k * n);
    for (int i = 0; i < n; ++i) out[k * n + i] = std::ldexp(out[k * n + i], one.exponent);
    return converged;
  });
  return result.to(a.dtype());
}

ComplexArrays eigenvalues(const Array& a) {
  const Matrices m = matrices_of(a, "eigenvalues");
  const int n = m.rows;
  if (n != m.columns) throw ShapeError("eigenvalues: the matrix must be square, got " + text(a.shape()));
  Array real = Array::zeros(a.shape().without(-1), f64), imag = Array::zeros(a.shape().without(-1), f64);
  double *const re = real.data<double>(), *const im = imag.data<double>();
  each_matrix(m, "eigenvalues", [&](std::int64_t k) {
    const Scaled one(m, k);
    std::vector<std::complex<double>> values;
    if (!eigenvalues_of(one.a, values)) return false;
    std::transform(values.begin(), values.end(), re + k * n,
                   [&](auto z) { return std::ldexp(z.real(), one.exponent); });
    std::transform(values.begin(), values.end(), im + k * n,
                   [&](auto z) { return std::ldexp(z.imag(), one.exponent); });
    return true;
  });
  return {real.to(a.dtype()), imag.to(a.dtype())};
}

}  // namespace ebb
