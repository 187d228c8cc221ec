// Includes Eigen, as ops/linalg.cpp does: with the same macros, because inline functions of the two are the same
// (docs/decisions/0010). Householder's steps are called one by one: pivots with logarithmic weights need it, and
// HouseholderQR would double the compile time.
#define EIGEN_DONT_PARALLELIZE
#define EIGEN_MPL2_ONLY
#include <Eigen/Householder>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <ebb/observe/dense/factors.hpp>
#include <limits>
#include <numeric>
#include <utility>

namespace ebb::detail {

namespace {

using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double minus_inf = -std::numeric_limits<double>::infinity();

double negligible(Index columns) { return static_cast<double>(columns) * std::numeric_limits<double>::epsilon(); }

/// A with its columns divided by their largest magnitudes.
struct ScaledColumns {
  MatrixXd a;
  VectorXd scale;  // zero for a column of zeros

  explicit ScaledColumns(const Array& A)
      : a(Eigen::Map<const RowMajor, 0, Eigen::OuterStride<>>(A.data<double>(), A.dim(0), A.dim(1),
                                                              Eigen::OuterStride<>(A.row_stride()))),
        scale(a.cols()) {
    for (Index j = 0; j < a.cols(); ++j) {
      scale[j] = a.col(j).cwiseAbs().maxCoeff();
      if (scale[j] > 0) a.col(j) /= scale[j];
    }
  }
};

Array as_array(const MatrixXd& m) {
  Array result = Array::empty({static_cast<int>(m.rows()), static_cast<int>(m.cols())}, f64);
  Eigen::Map<RowMajor>(result.data<double>(), m.rows(), m.cols()) = m;
  return result;
}

/// Householder reflections, which reduce a to R column by column. Their vectors replace the zeros below the diagonal.
class Reflections {
 public:
  explicit Reflections(MatrixXd& a) : a_(a), tau_(a.cols()), work_(a.rows()) {}

  void reduce(Index k) {
    const Index below = a_.rows() - k;
    double beta = 0;
    a_.col(k).tail(below).makeHouseholderInPlace(tau_[k], beta);
    a_(k, k) = beta;
    a_.bottomRightCorner(below, a_.cols() - k - 1)
        .applyHouseholderOnTheLeft(a_.col(k).tail(below - 1), tau_[k], work_.data());
  }

  /// The first `columns` columns of the product of the first n reflections, n <= columns.
  Array product(Index n, Index columns) {
    MatrixXd Q = MatrixXd::Identity(a_.rows(), columns);
    for (Index k = n - 1; k >= 0; --k)
      Q.bottomRightCorner(a_.rows() - k, columns - k)
          .applyHouseholderOnTheLeft(a_.col(k).tail(a_.rows() - k - 1), tau_[k], work_.data());
    return as_array(Q);
  }

 private:
  MatrixXd& a_;
  VectorXd tau_, work_;
};

/// The column, of those from k on, with the largest norm from row k on when counted by its weight. Returns -1 if
/// nothing is left of any of them.
Index pivot_of(const MatrixXd& a, Index k, const VectorXd& norms, const VectorXd& log_weights) {
  Index best = -1;
  double most = minus_inf;
  for (Index j = k; j < a.cols(); ++j) {
    const double left = a.col(j).tail(a.rows() - k).norm();
    if (left <= negligible(a.cols()) * norms[j]) continue;
    const double counted = std::log(left) + log_weights[j];
    if (counted <= most) continue;
    most = counted;
    best = j;
  }
  return best;
}

}  // namespace

Array orthonormalise(const Array& A, double* diagonal, int columns) {
  ScaledColumns m(A);
  Reflections reflections(m.a);
  for (Index k = 0; k < m.a.cols(); ++k) {
    reflections.reduce(k);
    diagonal[k] = m.a(k, k) * m.scale[k];
  }
  return reflections.product(m.a.cols(), columns);
}

double log_determinant(const Array& A) {
  ScaledColumns m(A);
  const Eigen::PartialPivLU<Eigen::Ref<MatrixXd>> lu(m.a);  // overwrites m.a
  double sum = 0;
  for (Index k = 0; k < m.a.cols(); ++k) {
    const double pivot = std::abs(m.a(k, k));
    if (pivot < negligible(m.a.cols())) return minus_inf;
    sum += std::log(pivot) + std::log(m.scale[k]);
  }
  return sum;
}

int dependent_columns(const Array& A) {
  ScaledColumns m(A);
  if (m.a.cols() == 0) return 0;
  Eigen::FullPivLU<Eigen::Ref<MatrixXd>> lu(m.a);
  lu.setThreshold(negligible(m.a.cols()));
  return static_cast<int>(lu.dimensionOfKernel());
}

LuFactors factored(const Array& A) {
  const Index N = A.dim(0);
  MatrixXd m =
      Eigen::Map<const RowMajor, 0, Eigen::OuterStride<>>(A.data<double>(), N, N, Eigen::OuterStride<>(A.row_stride()));
  const Eigen::PartialPivLU<Eigen::Ref<MatrixXd>> lu(m);  // overwrites m
  const VectorXd pivots = m.diagonal().cwiseAbs();
  LuFactors result{.lu = as_array(m),
                   .order = std::vector<int>(static_cast<std::size_t>(N)),
                   .smallest = pivots.minCoeff(),
                   .largest = pivots.maxCoeff()};
  const auto& place = lu.permutationP().indices();  // of each row of A in L U
  for (Index k = 0; k < N; ++k) result.order[static_cast<std::size_t>(place[k])] = static_cast<int>(k);
  return result;
}

Array solution(const LuFactors& f, const Array& b) {
  const int N = f.lu.dim(0);
  Array x = Array::empty({N}, f64);
  double* const y = x.data<double>();
  const auto row = [&](int i) { return f.lu.data<double>() + std::int64_t{i} * N; };
  for (int i = 0; i < N; ++i) {
    y[i] = b.data<double>()[f.order[static_cast<std::size_t>(i)]];
    for (int j = 0; j < i; ++j) y[i] -= row(i)[j] * y[j];
  }
  for (int i = N - 1; i >= 0; --i) {
    for (int j = i + 1; j < N; ++j) y[i] -= row(i)[j] * y[j];
    y[i] /= row(i)[i];
  }
  return x;
}

Array damped_solution(const Array& A, const Array& b, double damping) {
  const Index M = A.dim(0), N = A.dim(1);
  MatrixXd m = MatrixXd::Zero(M + N, N + 1);
  m.topLeftCorner(M, N) =
      Eigen::Map<const RowMajor, 0, Eigen::OuterStride<>>(A.data<double>(), M, N, Eigen::OuterStride<>(A.row_stride()));
  m.col(N).head(M) = Eigen::Map<const VectorXd>(b.data<double>(), M);
  m.block(M, 0, N, N).diagonal().setConstant(damping);
  Reflections reflections(m);
  for (Index k = 0; k < N; ++k) reflections.reduce(k);
  Array d = Array::empty({static_cast<int>(N)}, f64);
  double* const x = d.data<double>();
  for (Index k = N - 1; k >= 0; --k) {
    x[k] = m(k, N) / m(k, k);
    m.col(N).head(k) -= x[k] * m.col(k).head(k);
  }
  return d;
}

PivotedQr pivoted_qr(const Array& A, const std::vector<double>& log_weights, bool with_Q) {
  ScaledColumns m(A);
  const Index rows = m.a.rows(), columns = m.a.cols();
  VectorXd log_scale(columns), norms(columns), weights(columns);
  for (Index j = 0; j < columns; ++j) {
    log_scale[j] = std::log(m.scale[j]);
    norms[j] = m.a.col(j).norm();
    weights[j] = log_weights[static_cast<std::size_t>(j)] + log_scale[j];
  }
  std::vector<int> order(log_weights.size());
  std::iota(order.begin(), order.end(), 0);

  Reflections reflections(m.a);
  Index rank = 0;
  for (; rank < std::min(rows, columns); ++rank) {
    const Index pivot = pivot_of(m.a, rank, norms, weights);
    if (pivot < 0) break;
    m.a.col(rank).swap(m.a.col(pivot));
    for (VectorXd* v : {&log_scale, &norms, &weights}) std::swap((*v)[rank], (*v)[pivot]);
    std::swap(order[static_cast<std::size_t>(rank)], order[static_cast<std::size_t>(pivot)]);
    reflections.reduce(rank);
  }
  PivotedQr result{.Q = with_Q ? reflections.product(rank, rows) : Array(),
                   .R = Array(),
                   .order = order,
                   .log_scale = {log_scale.begin(), log_scale.end()},
                   .rank = static_cast<int>(rank)};
  for (Index j = 0; j < columns; ++j) m.a.col(j).tail(rows - std::min(j + 1, rank)).setZero();
  result.R = as_array(m.a);
  return result;
}

}  // namespace ebb::detail
