#include <cmath>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/observe/jacobians.hpp>
#include <ebb/observe/lyapunov.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/linalg.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/text.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"
#include "numbers.hpp"

namespace jacobians_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

constexpr int I = 2, H = 4;

Array inputs(int T, int rows) { return normal({T, rows, I}, Key{1}.named("x"), 0, 1, f64); }

}  // namespace

TEST_CASE("Measures of a Jacobian agree with mpmath: a linear cell has the golden matrix in every step") {
  const auto golden = test::observe_golden()["measures"];
  for (std::uint32_t k = 0; k < 3; ++k) {
    Params w{{.dtype = f64}};
    const CellPtr cell = make_cell("rnn:activation=linear", w / "rnn", {1, 8});
    const Array A = test::Numbers(6 + k).matrix(8, 8);
    Array U = Array::empty({8, 8}, f64);  // h U is U^T h
    for (int i = 0; i < 8; ++i)
      for (int j = 0; j < 8; ++j) U.set_flat(j * 8 + i, A.at({i, j}));
    test::set(w, "rnn/U", U);
    const JacobianSpectra s = jacobian_spectra(*cell, Drive::held(Array::zeros({1, 1}, f64), 2));
    REQUIRE(s.times == std::vector<int>{0, 1});
    const auto& want = golden[k];
    for (int i = 0; i < 8; ++i) {
      const auto at = static_cast<std::size_t>(i);
      CHECK(s.log_singular_values.at({1, 0, i}) == Approx(want["log_singular"][at].get<double>()).margin(1e-12));
      CHECK(s.real.at({1, 0, i}) == Approx(want["real"][at].get<double>()).margin(1e-12));
      CHECK(s.imag.at({1, 0, i}) == Approx(want["imag"][at].get<double>()).margin(1e-12));
    }
    CHECK(s.log_condition.at({0, 0}) == Approx(want["log_condition"].get<double>()).epsilon(1e-12));
    CHECK(s.effective_rank.at({0, 0}) == Approx(want["effective_rank"].get<double>()).epsilon(1e-12));
    CHECK(s.departure.at({0, 0}) == Approx(want["departure"].get<double>()).epsilon(1e-12));
    CHECK(s.log_scale.at({0, 0}) == 0);
  }
}

TEST_CASE("A product over k steps is the product of its steps' Jacobians, in each row") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("lstm", w / "cell", {I, H});
  const int k = 3;
  const JacobianSpectra s = jacobian_spectra(*cell, inputs(8, 2), {}, {.steps = k});
  REQUIRE(s.times == std::vector<int>{2, 5});
  Array product;
  Trajectory walk(*cell, inputs(8, 2));
  for (int t = 0; t < 2 * k; ++t, walk.advance()) product = t % k ? matmul(walk.jacobian(), product) : walk.jacobian();
  const Array sigma = singular_values(product);
  const auto [re, im] = eigenvalues(product);
  for (int b = 0; b < 2; ++b)
    for (int i = 0; i < 2 * H; ++i) {
      CHECK(s.log_singular_values.at({1, b, i}) == Approx(std::log(sigma.at({b, i}))).margin(1e-9));
      CHECK(std::exp(s.log_scale.at({1, b})) * s.real.at({1, b, i}) == Approx(re.at({b, i})).margin(1e-12));
      CHECK(std::abs(std::exp(s.log_scale.at({1, b})) * s.imag.at({1, b, i})) ==
            Approx(std::abs(im.at({b, i}))).margin(1e-12));
    }
}

TEST_CASE("The logarithms over many steps approach the Lyapunov exponents, where the product itself is zero") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("gaussian:g=.001", w / "cell", {I, H});
  const int T = 400;
  const Drive free = Drive::held(Array::zeros({1, I}, f64), T);
  const JacobianSpectra s = jacobian_spectra(*cell, free, {}, {.steps = T, .eigenvalues = false});
  const Lyapunov l = lyapunov(*cell, free, {}, {.warm_up = 0});
  for (int i = 0; i < H; ++i)
    CHECK(s.log_singular_values.at({0, 0, i}) / T ==
          Approx(l.exponents[static_cast<std::size_t>(i)].value).margin(.02));
  CHECK(s.log_singular_values.at({0, 0, 0}) < -2000);
  CHECK_FALSE(s.real);
}

TEST_CASE(
    "A normal matrix departs from normality by nothing, a nilpotent one by all, and rank is counted by singular "
    "values") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("rnn:activation=linear", w / "rnn", {I, H});
  const Drive one = Drive::held(Array::zeros({1, I}, f64), 1);
  Array U = Array::zeros({H, H}, f64);
  for (int i = 0; i < H; ++i) U.set_flat(i * H + (i + 1) % H, 2);
  test::set(w, "rnn/U", U);  // a permutation
  JacobianSpectra s = jacobian_spectra(*cell, one);
  CHECK(s.departure.at({0, 0}) < 1e-7);
  CHECK(s.effective_rank.at({0, 0}) == Approx(H));
  CHECK(std::abs(s.log_condition.at({0, 0})) < 1e-14);
  CHECK(pascanu_bound(U).sigma_max == Approx(2));
  CHECK_FALSE(pascanu_bound(U).vanishes());
  CHECK(pascanu_bound(U, .25).vanishes());
  CHECK(pascanu_bound(U, .25).log_rate() == Approx(std::log(.5)));

  U.set_flat((H - 1) * H, 0);  // a shift
  test::set(w, "rnn/U", U);
  s = jacobian_spectra(*cell, one);
  CHECK(s.departure.at({0, 0}) == 1);
  CHECK(s.effective_rank.at({0, 0}) == Approx(H - 1));
  CHECK(std::isinf(s.log_condition.at({0, 0})));
}

TEST_CASE("No singular value of a tanh network's Jacobian exceeds Pascanu's bound") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("rnn", w / "rnn", {I, 16});
  const JacobianSpectra s = jacobian_spectra(*cell, inputs(20, 2), {}, {.eigenvalues = false});
  const PascanuBound p = pascanu_bound(w.find("rnn/U").value());
  for (int t = 0; t < 20; ++t) CHECK(s.log_singular_values.at({t, 0, 0}) <= p.log_rate() + 1e-12);
}

TEST_CASE("Products of more steps than there are, and a slope of zero, are rejected") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("rnn", w / "rnn", {I, H});
  CHECK_THROWS_WITH(jacobian_spectra(*cell, inputs(3, 1), {}, {.steps = 4}),
                    "jacobian_spectra: steps must be from 1 to 3, the length of the inputs, but is 4");
  CHECK_THROWS_AS(pascanu_bound(Array::zeros({2, 2}, f64), 0), ValueError);
}

TEST_CASE("Pascanu's bound of an array that is not a square matrix is rejected with its shape") {
  for (const Shape& shape : {Shape{2, 4}, Shape{4, 2}, Shape{4}, Shape{2, 4, 4}, Shape{0, 0}}) {
    CHECK_THROWS_AS(pascanu_bound(Array::zeros(shape, f64)), ShapeError);
    CHECK_THROWS_WITH(pascanu_bound(Array::zeros(shape, f64)),
                      "pascanu_bound: the recurrent matrix must be [H, H], but is " + text(shape));
  }
}

}  // namespace jacobians_test
