// Includes Eigen, as ops/linalg.cpp does: with the same macros, because inline functions of the two are the same
// (docs/decisions/0010). Householder's steps are called one by one: pivots with logarithmic weights need it, and
// HouseholderQR would double the compile time.
#define EIGEN_DONT_PARALLELIZE
#define EIGEN_MPL2_ONLY
#include <Eigen/Eigenvalues>
#include <Eigen/Householder>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <ebb/observe/dense/factors.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/matmul.hpp>
#include <limits>
#include <numeric>
#include <utility>

namespace ebb::detail {

namespace {

using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double minus_inf = -std::numeric_limits<double>::infinity();
constexpr Index panel = 32;  // columns that are factored one by one, before their products with the others

double negligible(Index columns) { return static_cast<double>(columns) * std::numeric_limits<double>::epsilon(); }

/// A with its columns divided by their largest magnitudes.
struct ScaledColumns {
  MatrixXd a;
  VectorXd scale;  // zero for a column of zeros

  explicit ScaledColumns(const Array& A) : scale(A.dim(1)) {
    const Array columns = transpose(A);  // by blocks, which Eigen's assignment is not
    a = Eigen::Map<const MatrixXd>(columns.data<double>(), A.dim(0), A.dim(1));
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
  explicit Reflections(MatrixXd& a) : a_(a), tau_(a.cols()), work_(std::max(a.rows(), a.cols())) {}

  /// Reduces column k, and applies its reflection to those after it, up to `end`.
  void reduce(Index k, Index end) {
    const Index below = a_.rows() - k;
    double beta = 0;
    a_.col(k).tail(below).makeHouseholderInPlace(tau_[k], beta);
    a_(k, k) = beta;
    a_.block(k, k + 1, below, end - k - 1).applyHouseholderOnTheLeft(a_.col(k).tail(below - 1), tau_[k], work_.data());
  }
  void reduce(Index k) { reduce(k, a_.cols()); }
  double tau(Index k) const { return tau_[k]; }

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

/// The memory of m, which has its columns one after the other, as the array of its transpose [columns, rows].
Array transposed_view(MatrixXd& m) {
  const auto rows = static_cast<int>(m.rows());
  return Array::borrowed(m.data(), {static_cast<int>(m.cols()), rows}, rows, f64);
}

/// The rows from `first` to the end of a transposed matrix, and its columns from `column` to `end`.
Array part_of(const Array& transposed, Index first, Index column, Index end) {
  return transposed.range(static_cast<int>(first), transposed.dim(0))
      .column_block(static_cast<int>(column), static_cast<int>(end));
}

/// Householder reflections in panels, I - V T V^T each, so that almost all of the work is products on Ebb's kernels.
class BlockReflections {
 public:
  /// Reduces a to R, whose diagonal remains.
  explicit BlockReflections(MatrixXd& a) : rows_(a.rows()) {
    Reflections reflections(a);
    for (Index k = 0; k < a.cols(); k += panel) {
      const Index end = std::min(k + panel, a.cols());
      for (Index j = k; j < end; ++j) reflections.reduce(j, end);
      blocks_.push_back(block_of(a, k, end, reflections));
      if (end < a.cols()) apply(blocks_.back(), part_of(transposed_view(a), end, k, rows_), Trans::no);
    }
  }

  /// The first `columns` columns of the product of all reflections.
  Array product(Index columns) const {
    Array Qt = Array::zeros({static_cast<int>(columns), static_cast<int>(rows_)}, f64);
    for (Index i = 0; i < columns; ++i) Qt.set_flat(i * rows_ + i, 1);
    for (auto b = blocks_.rbegin(); b != blocks_.rend(); ++b)
      apply(*b, part_of(Qt, b->first, b->first, rows_), Trans::yes);
    return transpose(Qt);
  }

 private:
  struct Block {
    Index first;
    Array Vt;       // [width, rows - first]
    Array minus_T;  // [width, width], upper triangular
  };

  static Block block_of(const MatrixXd& a, Index k, Index end, const Reflections& r) {
    const Index width = end - k, below = a.rows() - k;
    Block b{.first = k,
            .Vt = Array::zeros({static_cast<int>(width), static_cast<int>(below)}, f64),
            .minus_T = Array::zeros({static_cast<int>(width), static_cast<int>(width)}, f64)};
    Eigen::Map<RowMajor> Vt(b.Vt.data<double>(), width, below), T(b.minus_T.data<double>(), width, width);
    for (Index i = 0; i < width; ++i) {
      Vt(i, i) = 1;
      Vt.row(i).tail(below - i - 1) = a.col(k + i).tail(below - i - 1).transpose();
    }
    const Array products = matmul(b.Vt, b.Vt, Trans::no, Trans::yes);
    const Eigen::Map<const RowMajor> VtV(products.data<double>(), width, width);
    for (Index i = 0; i < width; ++i) {
      const VectorXd sum = T.topLeftCorner(i, i) * VtV.col(i).head(i);
      T.col(i).head(i) = -r.tau(k + i) * sum;
      T(i, i) = -r.tau(k + i);
    }
    return b;
  }

  /// C^T <- (I - V op(T) V^T)^T C^T, on the array Ct of the transposed C.
  static void apply(const Block& b, Array Ct, Trans t) {
    const Array along = matmul(Ct, b.Vt, Trans::no, Trans::yes);
    matmul_into(Ct, matmul(along, b.minus_T, Trans::no, t), b.Vt, Trans::no, Trans::no, true);
  }

  Index rows_;
  std::vector<Block> blocks_;
};

/// P m = L U in place, by panels. Returns P: row k of L U is row order[k] of m.
std::vector<int> eliminate(MatrixXd& m) {
  const Index N = m.rows();
  std::vector<int> order(static_cast<std::size_t>(N));
  std::iota(order.begin(), order.end(), 0);
  std::vector<Index> pivots(static_cast<std::size_t>(N));
  const auto swap_rows = [&](Index row, Index end_row, Index column, Index end_column) {  // column by column, as stored
    for (Index c = column; c < end_column; ++c)
      for (Index j = row; j < end_row; ++j) std::swap(m(j, c), m(pivots[static_cast<std::size_t>(j)], c));
  };
  for (Index k = 0; k < N; k += panel) {
    const Index end = std::min(k + panel, N), rest = N - end;
    for (Index j = k; j < end; ++j) {
      Index at = 0;
      const double largest = m.col(j).tail(N - j).cwiseAbs().maxCoeff(&at);
      const Index pivot = pivots[static_cast<std::size_t>(j)] = j + at;
      swap_rows(j, j + 1, k, end);
      std::swap(order[static_cast<std::size_t>(j)], order[static_cast<std::size_t>(pivot)]);
      if (largest > 0) m.col(j).tail(N - j - 1) /= m(j, j);
      m.block(j + 1, j + 1, N - j - 1, end - j - 1).noalias() -=
          m.col(j).tail(N - j - 1) * m.row(j).segment(j + 1, end - j - 1);
    }
    swap_rows(k, end, 0, k);
    swap_rows(k, end, end, N);
    if (rest == 0) break;
    auto U = m.block(k, end, end - k, rest);
    m.block(k, k, end - k, end - k).triangularView<Eigen::UnitLower>().solveInPlace(U);
    const Array all = transposed_view(m), Ut = part_of(all, end, k, end) * -1.;
    Array left = part_of(all, end, end, N);
    matmul_into(left, Ut, part_of(all, k, end, N).range(0, static_cast<int>(end - k)), Trans::no, Trans::no, true);
  }
  return order;
}

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
  const BlockReflections reflections(m.a);
  for (Index k = 0; k < m.a.cols(); ++k) diagonal[k] = m.a(k, k) * m.scale[k];
  return reflections.product(columns);
}

double log_determinant(const Array& A) {
  ScaledColumns m(A);
  eliminate(m.a);
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
  std::vector<int> order = eliminate(m);
  const VectorXd pivots = m.diagonal().cwiseAbs();
  return {.lu = as_array(m), .order = std::move(order), .smallest = pivots.minCoeff(), .largest = pivots.maxCoeff()};
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

TridiagonalEigen tridiagonal_eigen(const std::vector<double>& diagonal, const std::vector<double>& beside) {
  const auto m = static_cast<Index>(diagonal.size());
  VectorXd d = Eigen::Map<const VectorXd>(diagonal.data(), m), e = Eigen::Map<const VectorXd>(beside.data(), m - 1);
  if (!d.allFinite() || !e.allFinite()) throw ValueError("a tridiagonal matrix has an infinite or NaN element");
  double scale = d.cwiseAbs().maxCoeff();
  if (m > 1) scale = std::max(scale, e.cwiseAbs().maxCoeff());
  if (scale > 0) {  // Eigen's tests for negligible elements square them
    d /= scale;
    e /= scale;
  }
  Eigen::SelfAdjointEigenSolver<MatrixXd> solver;
  solver.computeFromTridiagonal(d, e, Eigen::ComputeEigenvectors);
  if (solver.info() != Eigen::Success) throw ValueError("the eigenvalues of a tridiagonal matrix did not converge");
  const VectorXd values = solver.eigenvalues() * (scale > 0 ? scale : 1);
  return {.values = {values.begin(), values.end()}, .vectors = as_array(solver.eigenvectors().transpose())};
}

}  // namespace ebb::detail
