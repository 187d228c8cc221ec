#include <algorithm>
#include <cmath>
#include <ebb/observe/dense/factors.hpp>
#include <ebb/observe/dense/view.hpp>
#include <ebb/observe/directions.hpp>
#include <limits>
#include <numeric>

namespace ebb::detail {

namespace {

constexpr double suspicious = 1e-10;  // remaining share of a column's norm below which the rank is determined

/// Norms of the columns of A, row by row, as they are stored.
std::vector<double> column_norms(const View& A) {
  const auto n = static_cast<std::size_t>(A.columns);
  std::vector<double> largest(n), norms(n);
  for (int i = 0; i < A.rows; ++i)
    for (std::size_t j = 0; j < n; ++j) largest[j] = std::max(largest[j], std::abs(A.row(i)[j]));
  for (int i = 0; i < A.rows; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      const double share = largest[j] > 0 ? A.row(i)[j] / largest[j] : 0;
      norms[j] += share * share;
    }
  for (std::size_t j = 0; j < n; ++j) norms[j] = largest[j] * std::sqrt(norms[j]);
  return norms;
}

Array first_axes(int S) {
  Array Q = Array::zeros({S, S}, f64);
  const View q(Q);
  for (int i = 0; i < S; ++i) q(i, i) = 1;
  return Q;
}

}  // namespace

Directions::Directions(int S, int k, int blocks, Key key)
    : S_(S), k_(k), index_(static_cast<std::size_t>(k)), growth_(static_cast<std::size_t>(blocks) * index_.size()) {
  std::iota(index_.begin(), index_.end(), 0);
  std::vector<double> unused(index_.size());
  Q_ = k == S ? first_axes(S) : orthonormalise(normal({S, k}, key, 0, 1, f64), unused.data(), k);
}

/// Q of A, completed to a basis if the check needs it.
Array Directions::orthonormal(const Array& A, std::vector<double>& diagonal) const {
  diagonal.resize(static_cast<std::size_t>(A.dim(1)));
  return orthonormalise(A, diagonal.data(), k_ == S_ ? S_ : A.dim(1));
}

/// The columns that depend on others: as many as the rank requires, those with the smallest remaining share.
std::vector<int> Directions::lost_columns(const Array& A, const std::vector<double>& diagonal) const {
  Array all = A;
  const std::vector<double> norms = column_norms(View(all));
  std::vector<double> share(diagonal.size());
  for (std::size_t j = 0; j < share.size(); ++j) share[j] = norms[j] > 0 ? std::abs(diagonal[j]) / norms[j] : 0;
  if (share.empty() || *std::min_element(share.begin(), share.end()) > suspicious) return {};
  const int rank = pivoted_qr(A, std::vector<double>(share.size()), false).rank;
  std::vector<int> columns(share.size());
  std::iota(columns.begin(), columns.end(), 0);
  const auto least = [&](int a, int b) {
    const double x = share[static_cast<std::size_t>(a)], y = share[static_cast<std::size_t>(b)];
    return x != y ? x < y : a < b;
  };
  std::sort(columns.begin(), columns.end(), least);
  columns.resize(share.size() - static_cast<std::size_t>(rank));
  return columns;
}

/// A without these columns, whose directions are dropped.
Array Directions::without(const Array& A, const std::vector<int>& columns) {
  const auto is_lost = [&](int j) { return std::find(columns.begin(), columns.end(), j) != columns.end(); };
  const int m = A.dim(1) - static_cast<int>(columns.size());
  Array rest = Array::empty({S_, m}, f64), all = A;
  const View from(all), to(rest);
  std::vector<int> index;
  for (int j = 0; j < A.dim(1); ++j) {
    if (is_lost(j)) continue;
    const int column = static_cast<int>(index.size());
    for (int i = 0; i < S_; ++i) to(i, column) = from(i, j);
    index.push_back(index_[static_cast<std::size_t>(j)]);
  }
  index_ = index;
  return rest;
}

/// ln |det J|; after a loss, ln |det| of A completed by the columns of Q that are orthogonal to it.
double Directions::eliminate(const Array& A, const Array& J, const Array& Q) const {
  const int m = A.dim(1);
  if (m == S_) return detail::log_determinant(J);
  Array whole = Q.copy();
  Array images = whole.column_block(0, m);
  images.assign(A);
  return detail::log_determinant(whole);
}

void Directions::follow(Array A, const Array* J, int block) {
  std::vector<double> diagonal;
  Array Q = orthonormal(A, diagonal);
  double determinant = J ? eliminate(A, *J, Q) : 0;
  const std::vector<int> lost = lost_columns(A, diagonal);
  if (J && (!lost.empty() || std::isinf(determinant))) lost_by_elimination_ += dependent_columns(A);
  if (!lost.empty()) {
    A = without(A, lost);
    Q = orthonormal(A, diagonal);
    if (J) determinant = eliminate(A, *J, Q);
  }
  Q_ = Q.column_block(0, A.dim(1)).compact();
  if (block < 0) return;
  for (std::size_t j = 0; j < diagonal.size(); ++j) {
    const double grown = std::log(std::abs(diagonal[j]));
    growth_[static_cast<std::size_t>(block * k_ + index_[j])] += grown;
    sum_ += grown;
  }
  log_determinant_ += determinant;
}

double Directions::growth(int block, int direction) const {
  if (std::find(index_.begin(), index_.end(), direction) == index_.end())
    return -std::numeric_limits<double>::infinity();
  return growth_[static_cast<std::size_t>(block * k_ + direction)];
}

}  // namespace ebb::detail
