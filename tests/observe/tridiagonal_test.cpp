#include <cmath>
#include <ebb/observe/dense/factors.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/random.hpp>
#include <numbers>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace tridiagonal_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

std::vector<double> drawn(int n, std::uint64_t seed) {
  const Array a = normal({n}, Key{seed}, 0, 1, f64);
  return {a.data<double>(), a.data<double>() + n};
}

/// V^T diag(values) V is the matrix, and V is orthonormal.
void check_decomposition(const std::vector<double>& d, const std::vector<double>& e) {
  const int m = static_cast<int>(d.size());
  const detail::TridiagonalEigen r = detail::tridiagonal_eigen(d, e);
  REQUIRE(std::is_sorted(r.values.begin(), r.values.end()));
  Array T = Array::zeros({m, m}, f64), scaled = r.vectors.copy(), one = T.copy();
  for (int i = 0; i < m; ++i) {
    one.set_flat(i * m + i, 1);
    T.set_flat(i * m + i, d[static_cast<std::size_t>(i)]);
    if (i + 1 < m)
      for (int at : {i * m + i + 1, (i + 1) * m + i}) T.set_flat(at, e[static_cast<std::size_t>(i)]);
    Array row = scaled[i];
    row.assign(row * r.values[static_cast<std::size_t>(i)]);
  }
  CHECK(test::error_of(matmul(r.vectors, scaled, Trans::yes, Trans::no), T) < 3e-15 * (m + 10));
  CHECK(test::error_of(matmul(r.vectors, r.vectors, Trans::no, Trans::yes), one) < 3e-15 * (m + 10));
}

}  // namespace

TEST_CASE("Eigenvalues of the second difference are those of the closed form") {
  const int m = 50;
  const detail::TridiagonalEigen r =
      detail::tridiagonal_eigen(std::vector<double>(m, 2.), std::vector<double>(m - 1, -1.));
  for (int k = 0; k < m; ++k)
    CHECK(r.values[static_cast<std::size_t>(k)] ==
          Approx(2 - 2 * std::cos(std::numbers::pi * (k + 1) / (m + 1))).epsilon(0).margin(1e-14));
}

TEST_CASE("Eigenvalues and eigenvectors give the matrix back: random, decoupled, graded, equal and single elements") {
  check_decomposition(drawn(120, 1), drawn(119, 2));
  std::vector<double> e = drawn(19, 3);
  e[4] = e[5] = e[11] = 0;
  check_decomposition(drawn(20, 4), e);
  std::vector<double> d = drawn(20, 5);
  for (std::size_t k = 0; k < 20; ++k) d[k] *= std::pow(10., -static_cast<double>(k));
  for (std::size_t k = 0; k < 19; ++k) e[k] *= std::pow(10., -static_cast<double>(k));
  check_decomposition(d, e);
  check_decomposition(std::vector<double>(10, 3.), std::vector<double>(9, 0.));
  check_decomposition(std::vector<double>(10, 0.), std::vector<double>(9, 1e-200));
  check_decomposition({-7}, {});
}

TEST_CASE("A tridiagonal matrix with a NaN is rejected") {
  CHECK_THROWS_WITH(detail::tridiagonal_eigen({1, NAN}, {0}), Contains("infinite or NaN"));
}

}  // namespace tridiagonal_test
