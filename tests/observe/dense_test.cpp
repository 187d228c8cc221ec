#include <algorithm>
#include <cmath>
#include <ebb/observe/dense/factors.hpp>
#include <ebb/observe/dense/graded_jacobi.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/linalg.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/reduce.hpp>
#include <numeric>
#include <vector>

#include "catch.hpp"

namespace dense_test {

using namespace ebb;

namespace {

Array random_matrix(int rows, int columns, std::uint64_t seed = 1) {
  return normal({rows, columns}, Key{seed}.named("matrix"), 0, 1, f64);
}

Array unit(int n) {
  Array one = Array::zeros({n, n}, f64);
  for (int i = 0; i < n; ++i) one.set_flat(std::int64_t{i} * n + i, 1);
  return one;
}

double distance(const Array& a, const Array& b) { return largest_magnitude(a - b); }

/// Columns times 10^-j.
Array graded(const Array& a, double step) {
  Array g = a.copy();
  for (int i = 0; i < a.dim(0); ++i)
    for (int j = 0; j < a.dim(1); ++j) g.set_flat(std::int64_t{i} * a.dim(1) + j, a.at({i, j}) * std::pow(step, j));
  return g;
}

}  // namespace

TEST_CASE("Householder's Q is orthonormal, spans the columns in their order, and completes the basis") {
  for (const auto& [M, N, columns] : {std::array{1, 1, 1},
                                      {5, 5, 5},
                                      {5, 0, 5},
                                      {7, 3, 3},
                                      {7, 3, 7},
                                      {16, 16, 16},
                                      {33, 17, 33},
                                      {100, 100, 100},
                                      {150, 70, 150}}) {
    CAPTURE(M, N, columns);
    const Array A = random_matrix(M, N);
    std::vector<double> diagonal(static_cast<std::size_t>(N));
    const Array Q = detail::orthonormalise(A, diagonal.data(), columns);
    CHECK(distance(matmul(Q, Q, Trans::yes), unit(columns)) < 1e-14 * M);
    const Array R = matmul(Q, A, Trans::yes);
    for (int i = 0; i < columns; ++i)
      for (int j = 0; j < std::min(i, N); ++j) CHECK(std::abs(R.at({i, j})) < 1e-13);
    for (int j = 0; j < N; ++j) CHECK(R.at({j, j}) == Approx(diagonal[static_cast<std::size_t>(j)]).epsilon(1e-12));
  }
}

TEST_CASE(
    "Householder's R is right to the norm of each column, however small that is, and a column of zeros is no trouble") {
  const int N = 40;
  const Array A = random_matrix(N, N), G = graded(A, 1e-5);
  std::vector<double> plain(N), scaled(N);
  const Array Q = detail::orthonormalise(A, plain.data(), N), same = detail::orthonormalise(G, scaled.data(), N);
  CHECK(distance(Q, same) < 1e-12);
  for (std::size_t j = 0; j < N; ++j)
    CHECK(std::log(std::abs(scaled[j])) ==
          Approx(std::log(std::abs(plain[j])) + static_cast<double>(j) * std::log(1e-5)).epsilon(1e-12));

  Array hole = A.copy();
  for (int i = 0; i < N; ++i) hole.set_flat(std::int64_t{i} * N + 3, 0);
  const Array basis = detail::orthonormalise(hole, plain.data(), N);
  CHECK(plain[3] == 0);
  CHECK(distance(matmul(basis, basis, Trans::yes), unit(N)) < 1e-12);
}

TEST_CASE("Columns at both ends of float64's range are factored as if they were of moderate size") {
  const int N = 6;
  const Array A = random_matrix(N, N, 8);
  Array wide = A.copy();
  std::vector<double> plain(N), scaled(N);
  for (int i = 0; i < N; ++i) {
    wide.set_flat(std::int64_t{i} * N + 1, A.at({i, 1}) * 0x1p1020);
    wide.set_flat(std::int64_t{i} * N + 4, A.at({i, 4}) * 0x1p-1000);
  }
  CHECK(distance(detail::orthonormalise(A, plain.data(), N), detail::orthonormalise(wide, scaled.data(), N)) < 1e-13);
  CHECK(scaled[1] / 0x1p1020 == Approx(plain[1]).epsilon(1e-13));
  CHECK(scaled[4] * 0x1p1000 == Approx(plain[4]).epsilon(1e-13));
  CHECK(detail::log_determinant(wide) == Approx(detail::log_determinant(A) + 20 * std::log(2.)).epsilon(1e-12));
  CHECK(detail::dependent_columns(wide) == 0);
  CHECK(detail::pivoted_qr(wide, std::vector<double>(N), false).rank == N);
}

TEST_CASE("Factorisations give the same bits for any number of threads") {
  const Array A = random_matrix(200, 200);
  const int before = threads();
  std::vector<double> results[2];
  Array Q[2];
  for (const int n : {1, 3}) {
    set_threads(n);
    std::vector<double>& r = results[n == 3];
    r.resize(200);
    Q[n == 3] = detail::orthonormalise(A, r.data(), 200);
    r.push_back(detail::log_determinant(A));
  }
  set_threads(before);
  CHECK(results[0] == results[1]);
  CHECK(distance(Q[0], Q[1]) == 0);
}

TEST_CASE("The logarithm of the determinant is the sum of those of the singular values, in any range") {
  for (const int N : {1, 2, 16, 17, 50, 200}) {
    CAPTURE(N);
    const Array A = random_matrix(N, N, 3), s = singular_values(A);
    double sum = 0;
    for (int k = 0; k < N; ++k) sum += std::log(s.at({k}));
    CHECK(detail::log_determinant(A) == Approx(sum).epsilon(1e-11).margin(1e-11));
    const double step = N < 20 ? 1e-9 : .1;  // down to 1e-199, the determinant to 1e-19900
    CHECK(detail::log_determinant(graded(A, step)) ==
          Approx(sum + N * (N - 1) / 2. * std::log(step)).epsilon(1e-11).margin(1e-11));
  }
}

TEST_CASE("Dependent columns are counted, and a determinant of dependent columns is zero") {
  for (const int rank : {0, 1, 5, 19, 20}) {
    CAPTURE(rank);
    const int N = 20;
    Array A = Array::zeros({N, N}, f64);
    if (rank > 0) A = matmul(random_matrix(N, rank, 4), random_matrix(rank, N, 5));
    CHECK(detail::dependent_columns(A) == N - rank);
    CHECK(std::isinf(detail::log_determinant(A)) == (rank < N));
    CHECK(detail::pivoted_qr(A, std::vector<double>(N), false).rank == rank);
  }
  CHECK(detail::dependent_columns(graded(unit(30), 1e-9)) == 0);  // small throughout is not lost
  CHECK(detail::dependent_columns(random_matrix(3, 5)) == 2);
}

TEST_CASE("LU with row pivoting solves systems, and a singular matrix has a negligible pivot") {
  for (const int N : {1, 2, 7, 40, 200}) {
    CAPTURE(N);
    const Array A = random_matrix(N, N, 11), b = random_matrix(N, 1, 12).reshape({N});
    const detail::LuFactors f = detail::factored(A);
    CHECK(distance(matmul(A, detail::solution(f, b).reshape({N, 1})), b.reshape({N, 1})) < 1e-10);
    CHECK(f.smallest > 1e-6);
    CHECK(f.largest >= f.smallest);
  }
  const detail::LuFactors f = detail::factored(matmul(random_matrix(5, 4, 13), random_matrix(4, 5, 14)));
  CHECK(f.smallest < 1e-14);
}

TEST_CASE("A damped solution solves the system, if damping vanishes, and else the damped normal equations") {
  for (const int N : {1, 2, 7, 40}) {
    CAPTURE(N);
    const Array A = random_matrix(N, N, 9), b = random_matrix(N, 1, 10).reshape({N}), column = b.reshape({N, 1});
    const Array d = detail::damped_solution(A, b, 0).reshape({N, 1});
    CHECK(distance(matmul(A, d), column) < 1e-11);
    const Array damped = detail::damped_solution(A, b, .5).reshape({N, 1});
    CHECK(distance(matmul(A, matmul(A, damped) - column, Trans::yes), -.25 * damped) < 1e-12);
  }
  const Array none = detail::damped_solution(Array::zeros({3, 3}, f64), Array::full({3}, 1, f64), 1e-8);
  CHECK(largest_magnitude(none) == 0);
}

TEST_CASE("QR with weighted pivots: the product is the matrix, and R descends when counted by its weights") {
  const int N = 12;
  const Array A = random_matrix(N, N, 6);
  std::vector<double> weights(N);
  for (int k = 0; k < N; ++k) weights[static_cast<std::size_t>(k)] = (k * 7 % N) * 400.;  // beyond float64
  const detail::PivotedQr f = detail::pivoted_qr(A, weights, true);
  const Array product = matmul(f.Q, f.R);
  double last = INFINITY;
  for (int k = 0; k < N; ++k) {
    const int column = f.order[static_cast<std::size_t>(k)];
    const double scale = std::exp(f.log_scale[static_cast<std::size_t>(k)]);
    for (int i = 0; i < N; ++i) CHECK(product.at({i, k}) * scale == Approx(A.at({i, column})).margin(1e-13));
    const double counted = std::log(std::abs(f.R.at({k, k})) * scale) + weights[static_cast<std::size_t>(column)];
    CHECK(counted < last);
    last = counted;
  }
  CHECK(f.rank == N);
}

TEST_CASE(
    "Jacobi's singular values are those of the bidiagonal form where that has digits, and of graded rows beyond") {
  const int N = 30;
  const Array X = random_matrix(N, N, 7), s = singular_values(X);
  const std::vector<double> flat = detail::graded_log_singular_values(std::vector<double>(N), X.copy());
  for (int k = 0; k < N; ++k) CHECK(flat[static_cast<std::size_t>(k)] == Approx(std::log(s.at({k}))).margin(1e-12));

  // Rows so far apart that each singular value is the length of what its row adds to the rows above.
  std::vector<double> d(N), diagonal(N);
  for (int k = 0; k < N; ++k) d[static_cast<std::size_t>(k)] = -500. * k;
  Array transposed = Array::empty({N, N}, f64);
  for (int i = 0; i < N; ++i)
    for (int j = 0; j < N; ++j) transposed.set_flat(std::int64_t{j} * N + i, X.at({i, j}));
  detail::orthonormalise(transposed, diagonal.data(), N);
  const std::vector<double> far = detail::graded_log_singular_values(d, X.copy());
  for (std::size_t k = 0; k < N; ++k) CHECK(far[k] == Approx(d[k] + std::log(std::abs(diagonal[k]))).margin(1e-11));
}

}  // namespace dense_test
