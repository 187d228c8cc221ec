#include <cmath>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/reduce.hpp>
#include <limits>
#include "catch.hpp"
#include "reference.hpp"

namespace norm_test {

using namespace ebb;
using namespace reference;

namespace {

const double not_a_number = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("the norm of a row is accurate wherever it is in its type's range") {
  for (double unit : {1e-45, 1e-38, 1e-30, 1e-20, 1e-10, 1., 1e10, 1e18, 1e20, 2e37})
    for (DType t : {f32, f64}) {
      const Array x = Array::from({2, 2}, {3, 4, 5, 12}).to(f64) * unit;
      const Array n = norm(x.to(t), -1);
      INFO(unit << " " << name_of(t));
      const double tolerance = t == f64 ? 1e-15 : unit < 1e-37 ? .5 : 1e-6;  // subnormal f32 values have few digits
      CHECK(n.at({0}) == Approx(5 * unit).epsilon(tolerance));
      CHECK(n.at({1}) == Approx(13 * unit).epsilon(tolerance));
    }
  for (double unit : {5e-324, 1e-300, 1e-200, 1e-160, 1e160, 1e300, 1e307}) {
    const Array n = norm(Array::from({2}, {3, 4}).to(f64) * unit);
    CHECK(n.item() == Approx(5 * unit).epsilon(1e-15));
  }
}

TEST_CASE("norms of rows of moderate size are the square root of the sum of squares, bit for bit") {
  for (DType t : {f32, f64}) {
    const Array x = numbers({7, 33}, t, 1, -3, 3);
    CHECK(same_bits(norm(x, -1), sqrt(sum(x * x, -1))));
    CHECK(same_bits(norm(x, 0, Keep::yes), sqrt(sum(x * x, 0, Keep::yes))));
  }
}

TEST_CASE("norms reduce any axis, with each row's own scale") {
  Array x = Array::zeros({2, 3, 4}, f32);
  for (int i = 0; i < 2; ++i)
    for (int k = 0; k < 4; ++k) {
      x[i][0].set_flat(k, 3 * std::pow(1e10, k - 2 * i));
      x[i][2].set_flat(k, -4 * std::pow(1e10, k - 2 * i));
    }
  const Array n = norm(x, 1);
  for (int i = 0; i < 2; ++i)
    for (int k = 0; k < 4; ++k) CHECK(n.at({i, k}) == Approx(5 * std::pow(1e10, k - 2 * i)).epsilon(1e-6));
}

TEST_CASE("the norm of zeros is zero, with an infinity infinite, with a NaN NaN") {
  for (DType t : {f32, f64}) {
    CHECK(norm(Array::zeros({3}, t)).item() == 0);
    CHECK(norm(Array::from({2}, {inf, 1}).to(t)).item() == inf);
    CHECK(std::isnan(norm(Array::from({3}, {inf, not_a_number, 1}).to(t)).item()));
    CHECK(norm_of(Array::zeros({3}, t)) == 0);
    CHECK(norm_of(Array::from({2}, {1, -inf}).to(t)) == inf);
    CHECK(std::isnan(norm_of(Array::from({2}, {1, not_a_number}).to(t))));
  }
}

TEST_CASE("the norm of several arrays at once is scaled too") {
  for (double unit : {1e-310, 1e-200, 1., 1e160, 1e300}) {
    const Array parts[] = {Array::from({2}, {3, 0}).to(f64) * unit, Array::from({1}, {-4}).to(f64) * unit};
    CHECK(norm_of(parts, 2) == Approx(5 * unit).epsilon(1e-15));
  }
}

TEST_CASE("f32 values are scaled by a factor outside f32's range") {
  Array x = Array::full({3}, 2e38, f32);
  scale_in_place(x, 1e-44);
  CHECK(x.at({1}) == Approx(2e-6).epsilon(1e-6));
  scale_in_place(x, 0);
  CHECK(x.at({1}) == 0);
}

}  // namespace norm_test
