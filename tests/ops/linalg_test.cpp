#include <cmath>
#include <cstring>
#include <ebb/ops/error.hpp>
#include <ebb/ops/linalg.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/random.hpp>
#include <limits>
#include "catch.hpp"
#include "message_of.hpp"
#include "reference.hpp"

using namespace ebb;

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

bool same_bits(const Array& a, const Array& b) {
  return a.shape() == b.shape() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
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
