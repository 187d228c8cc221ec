#include <algorithm>
#include <cmath>
#include <cstring>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/linalg.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/random.hpp>
#include <limits>
#include <utility>
#include <vector>
#include "catch.hpp"
#include "message_of.hpp"
#include "reference.hpp"

namespace linalg_test {

using namespace ebb;
using test::same_bits;

namespace {

/// The companion matrix whose characteristic polynomial has these roots: x^n = sum_k c_k x^k.
Array companion(const std::vector<double>& roots) {
  std::vector<double> p{1};  // coefficients, the highest power first
  for (const double r : roots) {
    p.push_back(0);
    for (std::size_t k = p.size() - 1; k > 0; --k) p[k] -= r * p[k - 1];
  }
  const int n = static_cast<int>(roots.size());
  Array a = Array::zeros({n, n}, f64);
  for (int k = 0; k + 1 < n; ++k) a.set_flat(k * n + k + 1, 1);
  for (int k = 0; k < n; ++k) a.set_flat((n - 1) * n + k, -p[static_cast<std::size_t>(n - k)]);
  return a;
}

/// A product of reflections: orthogonal to rounding.
Array orthogonal(int n, std::uint64_t seed) {
  Array q = Array::zeros({n, n}, f64);
  for (int k = 0; k < n; ++k) q.set_flat(std::int64_t{k} * n + k, 1);
  for (std::uint64_t k = 0; k < 5; ++k) {
    const Array v = normal({n, 1}, Key{seed}.at(k), 0, 1, f64);
    q = q - matmul(v, matmul(transpose(v), q)) * (2 / matmul(transpose(v), v).item());
  }
  return q;
}

Array diagonal(const std::vector<double>& values, int rows, int columns) {
  Array d = Array::zeros({rows, columns}, f64);
  for (std::size_t k = 0; k < values.size(); ++k) d.set_flat(static_cast<std::int64_t>(k) * (columns + 1), values[k]);
  return d;
}

}  // namespace

TEST_CASE("A rotation has eigenvalues on the unit circle and singular values of one") {
  const double t = .7, r = 1.5;
  const Array a = Array::from({2, 2}, {r * std::cos(t), -r * std::sin(t), r * std::sin(t), r * std::cos(t)}, f64);
  const auto [re, im] = eigenvalues(a);
  CHECK(re.shape() == Shape{2});
  CHECK(re.at({0}) == Approx(r * std::cos(t)));
  CHECK(im.at({0}) == Approx(r * std::sin(t)));  // of a pair, positive imaginary part first
  CHECK(re.at({1}) == Approx(r * std::cos(t)));
  CHECK(im.at({1}) == Approx(-r * std::sin(t)));
  const Array s = singular_values(a);
  CHECK(s.at({0}) == Approx(r));
  CHECK(s.at({1}) == Approx(r));
}

TEST_CASE("A Jordan block has one eigenvalue, and different singular values") {
  const double l = .9;
  const Array a = Array::from({2, 2}, {l, 1, 0, l}, f64);
  const auto [re, im] = eigenvalues(a);
  for (int k = 0; k < 2; ++k) CHECK(re.at({k}) == Approx(l).epsilon(1e-7));
  for (int k = 0; k < 2; ++k) CHECK(std::abs(im.at({k})) < 1e-7);
  const Array s = singular_values(a);
  const double root = std::sqrt(4 * l * l + 1);
  CHECK(s.at({0}) == Approx(std::sqrt((2 * l * l + 1 + root) / 2)).epsilon(1e-14));
  CHECK(s.at({1}) == Approx(std::sqrt((2 * l * l + 1 - root) / 2)).epsilon(1e-14));
}

TEST_CASE("Eigenvalues of a companion matrix are the polynomial's roots, the largest modulus first") {
  const auto [re, im] = eigenvalues(companion({.5, -3, 2, 1, -.25}));
  const double wanted[] = {-3, 2, 1, .5, -.25};
  for (int k = 0; k < 5; ++k) {
    CHECK(re.at({k}) == Approx(wanted[k]).epsilon(1e-11));
    CHECK(im.at({k}) == 0);
  }
}

TEST_CASE("Singular values of a matrix with a known spectrum are exact to 1e-14: distinct, repeated, tiny and zero") {
  for (const auto& [rows, columns] : {std::pair{70, 70}, {90, 65}, {65, 130}}) {
    std::vector<double> wanted;
    for (int k = 0; k < 65; ++k) wanted.push_back(k < 20 ? std::pow(.7, k) : k < 30 ? 1e-3 : k < 50 ? 1e-14 : 0);
    std::sort(wanted.rbegin(), wanted.rend());
    const Array a = matmul(matmul(orthogonal(rows, 1), diagonal(wanted, rows, columns)), orthogonal(columns, 2));
    const Array s = singular_values(a);
    REQUIRE(s.size() == std::min(rows, columns));
    for (int k = 0; k < 65; ++k) CHECK(std::abs(s.at({k}) - wanted[static_cast<std::size_t>(k)]) < 1e-14);
    const Array already = singular_values(diagonal(wanted, rows, columns));
    for (int k = 0; k < 65; ++k) CHECK(std::abs(already.at({k}) - wanted[static_cast<std::size_t>(k)]) < 1e-15);
  }
}

TEST_CASE("Singular values of a large matrix are exact to 1e-13 of the largest") {
  const int n = 300;
  std::vector<double> wanted;
  for (int k = 0; k < n; ++k) wanted.push_back(1 - double(k) / n);
  const Array s = singular_values(matmul(matmul(orthogonal(n, 1), diagonal(wanted, n, n)), orthogonal(n, 2)));
  for (int k = 0; k < n; ++k) CHECK(std::abs(s.at({k}) - wanted[static_cast<std::size_t>(k)]) < 1e-13);
}

TEST_CASE("Eigenvalues of a matrix with a known spectrum are exact to 1e-13, real ones and conjugate pairs") {
  const int n = 131;
  Array d = Array::zeros({n, n}, f64);
  for (int k = 0; k + 1 < n; k += 2) {
    const double r = 1 - .005 * k, angle = .02 * k + .1;
    d.set_flat(std::int64_t{k} * n + k, r * std::cos(angle));
    d.set_flat(std::int64_t{k + 1} * n + k + 1, r * std::cos(angle));
    d.set_flat(std::int64_t{k} * n + k + 1, -r * std::sin(angle));
    d.set_flat(std::int64_t{k + 1} * n + k, r * std::sin(angle));
  }
  d.set_flat(std::int64_t{n} * n - 1, -2);
  const Array q = orthogonal(n, 3);
  const auto [re, im] = eigenvalues(matmul(matmul(q, d), transpose(q)));
  CHECK(re.at({0}) == Approx(-2).epsilon(1e-13));
  CHECK(im.at({0}) == 0);
  for (int k = 0; k + 1 < n; k += 2) {
    const double r = 1 - .005 * k, angle = .02 * k + .1;
    CHECK(std::abs(re.at({k + 1}) - r * std::cos(angle)) < 1e-13);
    CHECK(std::abs(im.at({k + 1}) - r * std::sin(angle)) < 1e-13);
    CHECK(re.at({k + 2}) == re.at({k + 1}));
    CHECK(im.at({k + 2}) == -im.at({k + 1}));
  }
}

TEST_CASE("A cyclic shift, on which unshifted QR does not converge, has the roots of unity as eigenvalues") {
  for (const int n : {3, 4, 5, 16, 61}) {
    Array a = Array::zeros({n, n}, f64);
    for (int k = 0; k < n; ++k) a.set_flat(std::int64_t{k} * n + (k + 1) % n, 1);
    for (const Array& x : {a, transpose(a).copy()}) {
      const auto [re, im] = eigenvalues(x);
      for (int k = 0; k < n; ++k) {  // each is a root, and all are different
        const double turns = std::atan2(im.at({k}), re.at({k})) / (2 * std::acos(-1)) * n;
        CHECK(std::hypot(re.at({k}), im.at({k})) == Approx(1).epsilon(1e-13));
        CHECK(std::abs(turns - std::round(turns)) < 1e-12 * n);
        for (int j = 0; j < k; ++j) CHECK(std::hypot(re.at({k}) - re.at({j}), im.at({k}) - im.at({j})) > 1e-3);
      }
    }
    CHECK(std::abs(singular_values(a).at({n - 1}) - 1) < 1e-14);
  }
}

TEST_CASE("Scaling a matrix by a power of two scales its spectrum exactly, near overflow and underflow") {
  const Array a = normal({17, 17}, Key{4}, 0, 1, f64), s = singular_values(a);
  const auto [re, im] = eigenvalues(a);
  for (const int power : {1000, -960}) {
    const Array b = a * std::ldexp(1, power);
    CHECK(same_bits(singular_values(b), s * std::ldexp(1, power)));
    CHECK(same_bits(eigenvalues(b).real, re * std::ldexp(1, power)));
    CHECK(same_bits(eigenvalues(b).imag, im * std::ldexp(1, power)));
  }
  CHECK(singular_values(Array::full({2, 2}, 5e-324, f64)).at({0}) == 1e-323);
  CHECK(eigenvalues(Array::full({2, 2}, 5e-324, f64)).real.at({0}) == 1e-323);
}

TEST_CASE("Leading axes are batch axes, with the same results for any element type and number of threads") {
  const Array a = normal({2, 3, 24, 24}, Key{1}, 0, 1, f64);
  const auto [re, im] = eigenvalues(a);
  const Array s = singular_values(a);
  REQUIRE(s.shape() == Shape{2, 3, 24});
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j) {
      const Array one = a[i][j];
      CHECK(same_bits(singular_values(one), s[i][j]));
      double trace = 0, sum_re = 0, sum_im = 0, ln_eigen = 0, ln_singular = 0;
      for (int k = 0; k < 24; ++k) {
        trace += one.at({k, k});
        sum_re += re.at({i, j, k});
        sum_im += im.at({i, j, k});
        ln_eigen += std::log(std::hypot(re.at({i, j, k}), im.at({i, j, k})));
        ln_singular += std::log(s.at({i, j, k}));
        if (k > 0) CHECK(s.at({i, j, k}) <= s.at({i, j, k - 1}));
      }
      CHECK(sum_re == Approx(trace).margin(1e-12));
      CHECK(sum_im == Approx(0).margin(1e-12));
      CHECK(ln_eigen == Approx(ln_singular).epsilon(1e-11));  // both are ln |det|
    }
  const int before = threads();
  for (const int n : {1, 2, 3}) {
    set_threads(n);
    CHECK(same_bits(singular_values(a), s));
    CHECK(same_bits(eigenvalues(a).real, re));
  }
  set_threads(before);
  CHECK(singular_values(a.to(f32)).dtype() == f32);
  CHECK(singular_values(a.to(f32)).at({0, 0, 0}) == Approx(s.at({0, 0, 0})).epsilon(1e-5));
}

TEST_CASE("Singular values of matrices that are not square, of views, and of empty matrices") {
  const Array column = Array::from({3, 1}, {1, 2, 2}, f64);
  CHECK(singular_values(column).shape() == Shape{1});
  CHECK(singular_values(column).item() == Approx(3));
  const Array a = normal({5, 9}, Key{2}, 0, 1, f64);
  CHECK(same_bits(singular_values(a.column_block(2, 5)), singular_values(a.column_block(2, 5).copy())));
  CHECK(singular_values(a.column_block(2, 5)).shape() == Shape{3});
  CHECK(singular_values(Array::zeros({3, 3}, f64)).at({0}) == 0);
  CHECK(singular_values(Array::zeros({0, 3, 3}, f64)).shape() == Shape{0, 3});
  CHECK(eigenvalues(Array::zeros({0, 3, 3}, f64)).real.shape() == Shape{0, 3});
}

TEST_CASE("A matrix that is not square or not finite is rejected, naming its shape") {
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(eigenvalues(Array::zeros({2, 3}, f64)), Contains("[2, 3]") && Contains("square"));
  CHECK_THROWS_AS(eigenvalues(Array::zeros({2, 3}, f64)), ShapeError);
  CHECK_THROWS_AS(singular_values(Array::zeros({3}, f64)), ShapeError);
  for (const double x : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    const Array a = Array::from({2, 2}, {1, 2, x, 4}, f64);
    CHECK_THROWS_AS(eigenvalues(a), ValueError);
    CHECK_THROWS_WITH(singular_values(a), Contains("singular_values") && Contains("infinite or NaN"));
  }
}

}  // namespace linalg_test
