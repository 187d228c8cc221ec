#include <cmath>
#include <ebb/observe/product_spectrum.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/linalg.hpp>
#include <ebb/ops/matmul.hpp>
#include <functional>

#include "catch.hpp"
#include "numbers.hpp"

namespace product_spectrum_test {

using namespace ebb;

namespace {

constexpr int S = 8, K = 200;

/// The factors of make_observe.py: element (i, j) from the number at that place.
Array factors(std::uint32_t seed, const std::function<double(int, int, double)>& element) {
  test::Numbers n(seed);
  Array all = Array::empty({K, S, S}, f64);
  for (std::int64_t k = 0; k < all.size(); ++k) {
    const int i = static_cast<int>(k / S % S), j = static_cast<int>(k % S);
    all.set_flat(k, element(i, j, n.next()));
  }
  return all;
}

Array golden_factors(const std::string& name) {
  if (name == "random") return factors(1, [](int, int, double x) { return x; });
  if (name == "graded") return factors(2, [](int, int j, double x) { return std::ldexp(x, -3 * j); });
  if (name == "triangular")
    return factors(3, [](int i, int j, double x) { return i == j ? (j + 1) / 8. : j < i ? x / 4 : 0; });
  return factors(4, [](int i, int j, double x) { return (i == j ? .96875 : 0) + x / 64; });
}

}  // namespace

TEST_CASE("Logarithms of the singular values of 200 factors agree with mpmath at 50 digits, far beyond float64") {
  const auto golden = test::observe_golden()["products"];
  for (const auto& [name, values] : golden.items()) {
    INFO(name);
    const Array found = log_singular_values(golden_factors(name));
    for (int i = 0; i < S; ++i) {
      INFO(i);
      CHECK(found.at({i}) ==
            Approx(values["log_singular_values"][static_cast<std::size_t>(i)].get<double>()).margin(1e-10));
    }
  }
}

TEST_CASE("Of few factors they are those of the product") {
  const Array all = golden_factors("random"), s = singular_values(matmul(all[2], matmul(all[1], all[0])));
  const Array found = log_singular_values(all.range(0, 3)), none = ProductSpectrum(S).log_singular_values();
  for (int i = 0; i < S; ++i) {
    CHECK(found.at({i}) == Approx(std::log(s.at({i}))).margin(1e-11));
    CHECK(none.at({i}) == 0);
  }
}

TEST_CASE("Diagonal factors are exact in any order of their elements, and a zero is a logarithm of -inf") {
  ProductSpectrum p(3);
  Array A = Array::zeros({3, 3}, f64);
  A.set_flat(0, 1e-20);
  A.set_flat(4, 1e20);
  A.set_flat(8, 1);
  for (int k = 0; k < 100; ++k) p.multiply(A);
  const double step = 20 * std::log(10.);
  const Array found = p.log_singular_values();
  CHECK(found.at({0}) == Approx(100 * step).epsilon(1e-13));
  CHECK(std::abs(found.at({1})) < 1e-12);
  CHECK(found.at({2}) == Approx(-100 * step).epsilon(1e-13));
  A.set_flat(8, 0);
  p.multiply(A);
  CHECK(p.log_singular_values().at({0}) == Approx(101 * step).epsilon(1e-13));
  CHECK(p.log_singular_values().at({1}) == Approx(-101 * step).epsilon(1e-13));
  CHECK(std::isinf(p.log_singular_values().at({2})));
  CHECK(p.factors() == 101);
}

TEST_CASE("A factor of another size, or one that is not finite, is rejected") {
  ProductSpectrum p(3);
  CHECK_THROWS_WITH(p.multiply(Array::zeros({2, 2}, f64)), Catch::Matchers::Contains("[3, 3]"));
  CHECK_THROWS_AS(p.multiply(Array::full({3, 3}, INFINITY, f64)), ValueError);
  CHECK_THROWS_AS(log_singular_values(Array::zeros({3, 3}, f64)), ShapeError);
}

}  // namespace product_spectrum_test
