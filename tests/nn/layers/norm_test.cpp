#include <algorithm>
#include <cmath>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/layers/norm.hpp>
#include <ebb/ops/elementwise.hpp>
#include <limits>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace norm_test {

using namespace ebb;

namespace {

struct Normed {
  Array y, dx;
};
Normed normed(const Array& x, DType dtype, double epsilon = 1e-5) {
  Tape tape{{.dtype = dtype}};
  const Var v = variable(x), gain = constant(Array::from({4}, {1, 2, .5, -1}, f64)),
            shift = constant(Array::from({4}, {0, 1, 0, 2}, f64));
  const Var y = layer_norm(v, gain, shift, epsilon);
  return {y.value().to(f64), grad(sum(y * constant(Array::from({4}, {1, -1, 2, .5}, f64))), {v})[0].value().to(f64)};
}

}  // namespace

TEST_CASE("Rows of any magnitude are normalised, each by its own") {
  const Array row = Array::from({1, 4}, {1, -2, .5, 3}, f64);
  const Normed want = normed(row, f64, 0);  // for large rows epsilon is negligible
  for (const auto& [dtype, units] :
       {std::pair{f32, std::vector{1e18, 1e20, 1e30, 1e38}}, {f64, std::vector{1e100, 1e160, 5e307}}})
    for (const double unit : units) {
      const Normed got = normed(row * unit, dtype);
      INFO(unit << " " << name_of(dtype));
      // Denormal terms of a gradient are zero.
      const double smallest = dtype == f32 ? std::numeric_limits<float>::min() : std::numeric_limits<double>::min();
      for (int k = 0; k < 4; ++k) {
        CHECK(got.y.at({0, k}) == Approx(want.y.at({0, k})).epsilon(1e-5));
        CHECK(got.dx.at({0, k}) * unit ==
              Approx(want.dx.at({0, k})).epsilon(1e-5).margin(std::max(1e-6, 2 * smallest * unit)));
      }
    }
}

TEST_CASE("A row of moderate size has the same bits beside an enormous one") {
  const Array both = Array::from({2, 4}, {1, -2, .5, 3, 1e20, 2e20, -1e20, 0}, f64);
  for (const DType dtype : {f32, f64}) {
    const Normed alone = normed(both.range(0, 1), dtype), beside = normed(both, dtype);
    CHECK(test::same_bits(beside.y.range(0, 1).copy(), alone.y));
    CHECK(test::same_bits(beside.dx.range(0, 1).copy(), alone.dx));
    CHECK(beside.y.at({1, 1}) == Approx(1 + 2 * 1.5 / std::sqrt(1.25)).epsilon(1e-5));
  }
}

TEST_CASE("A constant row of any value gives the shift, and a NaN gives NaN") {
  for (const double x : {0., 1., 1e20, 1.7e38}) {
    const Normed n = normed(Array::full({1, 4}, x, f64), f32);
    CHECK(n.y.at({0, 0}) == 0);
    CHECK(n.y.at({0, 3}) == 2);
  }
  CHECK(std::isnan(normed(Array::from({1, 4}, {1, NAN, 1, 1}, f64), f32).y.at({0, 0})));
}

}  // namespace norm_test
