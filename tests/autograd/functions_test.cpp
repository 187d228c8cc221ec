#include "catch.hpp"

#include <cmath>
#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/reduce.hpp>
#include <limits>

namespace functions_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity(), no_number = std::numeric_limits<double>::quiet_NaN();

struct ValueAndGradient {
  Array value, gradient;
};
template <class F> ValueAndGradient at(const F& f, const Array& x) {
  Tape tape{{.dtype = x.dtype()}};
  const Var v = variable(x), y = f(v);
  return {y.value().copy(), tape.backward(sum(y))[v].copy()};
}

}  // namespace

TEST_CASE("log_sigmoid and its gradient are accurate where sigmoid rounds to 0 or 1") {
  const DType d = GENERATE(f32, f64);
  const auto f = [](const Var& x) { return log_sigmoid(x); };
  const auto [value, gradient] = at(f, Array::from({6}, {-1e30, -500, -2, 2, 50, 1e30}, d));
  CHECK(value.at_flat(0) == Approx(-1e30));
  CHECK(value.at_flat(1) == -500);
  CHECK(value.at_flat(2) == Approx(-2.1269280110429727));
  CHECK(value.at_flat(3) == Approx(-.12692801104297263));
  CHECK(value.at_flat(4) == Approx(-1.9287498479639178e-22));
  CHECK(value.at_flat(5) == 0);
  const double wanted[] = {1, 1, .8807970779778823, .11920292202211755, 1.9287498479639178e-22, 0};
  for (int k = 0; k < 6; ++k) CHECK(gradient.at_flat(k) == Approx(wanted[k]).epsilon(1e-5));
}

TEST_CASE("log_sigmoid at infinities and NaN") {
  const auto [value, gradient] =
      at([](const Var& x) { return log_sigmoid(x); }, Array::from({3}, {-inf, inf, no_number}, f64));
  CHECK(value.at_flat(0) == -inf);
  CHECK(value.at_flat(1) == 0);
  CHECK(std::isnan(value.at_flat(2)));
  CHECK(gradient.at_flat(0) == 1);
  CHECK(gradient.at_flat(1) == 0);
  CHECK(std::isnan(gradient.at_flat(2)));
}

TEST_CASE("norm and its gradient are accurate where squares overflow or underflow") {
  const auto f = [](const Var& x) { return norm(x); };
  for (const double scale : {1e-38, 1e-30, 1e-20, 1., 1e20, 6e37}) {
    const auto [value, gradient] = at(f, Array::from({2}, {3 * scale, 4 * scale}, f32));
    INFO("scale " << scale);
    CHECK(value.item() == Approx(5 * scale).epsilon(1e-6));
    CHECK(gradient.at_flat(0) == Approx(.6).epsilon(1e-6));
    CHECK(gradient.at_flat(1) == Approx(.8).epsilon(1e-6));
  }
  for (const double scale : {1e-300, 1e-160, 1e160, 1e300}) {
    const auto [value, gradient] = at(f, Array::from({2}, {3 * scale, 4 * scale}, f64));
    INFO("scale " << scale);
    CHECK(value.item() == Approx(5 * scale).epsilon(1e-14));
    CHECK(gradient.at_flat(0) == Approx(.6).epsilon(1e-14));
  }
}

TEST_CASE("norm scales rows of very different magnitudes separately") {
  const Array x = Array::from({3, 2}, {3e-30, 4e-30, 3e20, 4e20, 0, 0}, f32);
  const auto [value, gradient] = at([](const Var& v) { return norm(v, -1); }, x);
  CHECK(value.at_flat(0) == Approx(5e-30));
  CHECK(value.at_flat(1) == Approx(5e20));
  CHECK(value.at_flat(2) == 0);
  const double wanted[] = {.6, .8, .6, .8, 0, 0};
  for (int k = 0; k < 6; ++k) CHECK(gradient.at_flat(k) == Approx(wanted[k]));
}

TEST_CASE("the gradient of a norm is zero at zero, and so is the gradient of a penalty on it") {
  Tape tape{{.dtype = f64, .order = 2}};
  const Var x = variable(Array::zeros({4}, f64));
  const Var g = grad(square(norm(x) - 1), {x}, {.create_graph = true})[0];
  CHECK(largest_magnitude(g.value()) == 0);
  CHECK(largest_magnitude(grad(sum(square(g - 1)), {x})[0].value()) == 0);
}

TEST_CASE("norm of NaN is NaN, of an infinity infinite, of an empty array zero") {
  CHECK(std::isnan(norm(Array::from({3}, {1, no_number, inf}, f64)).item()));
  CHECK(norm(Array::from({3}, {1, -inf, 2}, f32)).item() == inf);
  CHECK(norm(Array::zeros({0}, f64)).item() == 0);
  CHECK(norm(Array::number(-3, f64)).item() == 3);
  CHECK(norm(Array::zeros({2, 0}, f64), 1).shape() == Shape{2});
}

TEST_CASE("norm reduces the given axes and keeps them on request") {
  const Array x = uniform({2, 3, 4}, Key{1}, -1, 1, f64);
  CHECK(norm(x).shape() == Shape{});
  CHECK(norm(x).item() == Approx(std::sqrt(sum_of_squares(x))));
  CHECK(norm(x, {0, -1}).shape() == Shape{3});
  CHECK(norm(x, 1, Keep::yes).shape() == Shape{2, 1, 4});
}

TEST_CASE("outer of vectors is column times row, of batches one product per row") {
  Tape tape{{.dtype = f64}};
  const Array a = uniform({3}, Key{1}, -1, 1, f64), b = uniform({4}, Key{2}, -1, 1, f64);
  CHECK(largest_magnitude(outer(a, b) - matmul(a.reshape({3, 1}), b.reshape({1, 4}))) == 0);
  const Array rows = uniform({2, 3}, Key{3}, -1, 1, f64);
  const Var y = outer(variable(rows), variable(b));
  CHECK(y.shape() == Shape{2, 3, 4});
  CHECK(y.value().at({1, 2, 3}) == rows.at({1, 2}) * b.at({3}));
  CHECK(std::isnan(outer(Array::full({1}, no_number, f64), b).at_flat(2)));
}

TEST_CASE("outer rejects a scalar and mismatched rows, with the line") {
  Tape tape{{.dtype = f64}};
  const Var one = full({}, 1), x = full({2, 3}, 1), y = full({5, 3}, 1);
  CHECK_THROWS_WITH(outer(one, x), Contains("outer: expected vectors or batches of vectors, got [] and [2, 3]") &&
                                       Contains("functions_test.cpp:"));
  CHECK_THROWS_WITH(outer(x, y), Contains("[2, 3, 1]") && Contains("functions_test.cpp:"));
  CHECK_THROWS_AS(outer(Array::number(1), Array::zeros({2})), ShapeError);
}

}  // namespace functions_test
