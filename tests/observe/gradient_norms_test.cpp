#include <cmath>
#include <ebb/autograd/grad.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/observe/gradient_norms.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace gradient_norms_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

constexpr int I = 2, H = 4;

Array inputs(int T, int B, DType dtype = f64) { return normal({T, B, I}, Key{1}.named("x"), 0, 1, dtype); }
Var last_squares(const Var& y, int) { return sum(square(y), {1}); }
Var sums(const Var& y, int) { return sum(y); }

/// h' = diag(u) h + x W
CellPtr diagonal(Params& w, const std::vector<double>& u) {
  const int n = static_cast<int>(u.size());
  const CellPtr cell = make_cell("rnn:activation=linear", w / "diagonal", {I, n});
  Array U = Array::zeros({n, n}, f64);
  for (int k = 0; k < n; ++k) U.set_flat(k * n + k, u[static_cast<std::size_t>(k)]);
  test::set(w, "diagonal/U", U);
  test::set(w, "diagonal/b", Array::zeros({n}, f64));  // the state stays zero, also where it would grow
  return cell;
}

}  // namespace

TEST_CASE("A linear unit's gradient is |u|^lag of that of the loss, also far below and above the range of float64") {
  for (const double u : {.5, -.9, 1., 3.}) {
    Params w{{.dtype = f64}};
    const int T = 1500;
    const CellPtr cell = diagonal(w, {u});
    Array x = Array::zeros({T, 3, I}, f64);
    const Array norms = gradient_norms(*cell, x, sums);
    REQUIRE(norms.shape() == Shape{T + 1, 3});
    for (const int lag : {0, 1, 7, 700, 1500})
      for (int b = 0; b < 3; ++b)
        CHECK(norms.at({lag, b}) == Approx(lag * std::log(std::abs(u))).epsilon(1e-12).margin(1e-12));
    const Estimate rate = decay_rate(norms);
    CHECK(rate.value == Approx(std::log(std::abs(u))).epsilon(1e-12).margin(1e-12));
    CHECK(rate.error < 1e-10);
  }
}

TEST_CASE("A diagonal cell's gradient has the norm of its units' powers") {
  Params w{{.dtype = f64}};
  const std::vector<double> u{.5, -.8, 1.1};
  const Array norms = gradient_norms(*diagonal(w, u), Array::zeros({40, 1, I}, f64), sums, {}, {.lags = 30});
  REQUIRE(norms.dim(0) == 31);
  for (int lag = 0; lag <= 30; ++lag) {
    double squares = 0;
    for (const double one : u) squares += std::pow(one, 2 * lag);
    CHECK(norms.at({lag, 0}) == Approx(std::log(squares) / 2).margin(1e-13));
  }
}

TEST_CASE("Norms are those of the gradients that a run retains for every field of every registered cell") {
  const int T = 7, B = 3;
  for (const CellInfo& info : cell_list()) {
    if (info.name.rfind("test-", 0) == 0) continue;  // of other tests, with demands of their own
    INFO(info.name);
    Params w{{.dtype = f32}};
    const CellPtr cell = make_cell(info.name, w / "cell", {I, H});
    const StepContext at({.seed = 3});
    const Array x = inputs(T, B, f32), norms = gradient_norms(*cell, x, last_squares, {}, {.at = at});
    const Tape tape{{.dtype = f64}};
    State initial = cell->initial_state(B);
    for (int k = 0; k < initial.size(); ++k) initial[k] = variable(initial[k].value());
    const auto run = unroll(*cell, Sequence(constant(x.to(f64))), initial, at);
    for (int lag = 0; lag < T; ++lag) {
      std::vector<Var> fields;
      for (int k = 0; k < cell->field_count(); ++k)
        fields.push_back(run.states(cell->field(k).name)[static_cast<std::size_t>(T - 1 - lag)]);
      for (int b = 0; b < B; ++b) {
        double squares = 0;
        for (const Var& g : grad(sum(last_squares(range(run.last(), b, b + 1), 0)), fields))
          for (std::int64_t k = 0; k < g.value().size(); ++k) squares += std::pow(g.value().at_flat(k), 2);
        if (squares == 0) CHECK(std::isinf(norms.at({lag, b})));
        else CHECK(norms.at({lag, b}) == Approx(std::log(squares) / 2).margin(1e-9));
      }
    }
  }
}

TEST_CASE("The gradient of a strongly vanishing RNN over 2,000 steps has finite logarithms, on a line") {
  Params w{{.dtype = f32}};
  const CellPtr cell = make_cell("rnn", w / "cell", {I, 16});
  Array U = w.find("cell/U").value();
  test::set(w, "cell/U", U * .02);
  const Array norms = gradient_norms(*cell, inputs(2000, 2, f32), sums);
  CHECK(all_finite(norms));
  CHECK(norms.at({2000, 0}) < -5000);  // e^-745 is the least float64
  const Estimate rate = decay_rate(norms, 100), half = decay_rate(norms, 1000);
  CHECK(rate.value < -3);
  CHECK(rate.value == Approx(half.value).epsilon(.01));
  CHECK(rate.error < .01 * std::abs(rate.value));
}

TEST_CASE("A gradient that a step stops is exactly zero from there on") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("rnn:activation=relu", w / "cell", {1, 2});
  test::set(w, "cell/W", Array::from({1, 2}, {1, 1}, f64));
  test::set(w, "cell/U", Array::from({2, 2}, {.5, 0, 0, .5}, f64));
  test::set(w, "cell/b", Array::zeros({2}, f64));
  const Array x = Array::from({5, 1, 1}, {1, 1, -9, 1, 1}, f64);
  const Array norms = gradient_norms(*cell, x, sums);
  CHECK(norms.at({1, 0}) == Approx(std::log(std::sqrt(2) / 2)));
  for (int lag = 3; lag <= 5; ++lag) CHECK((std::isinf(norms.at({lag, 0})) && norms.at({lag, 0}) < 0));
  CHECK(decay_rate(norms).value == Approx(std::log(.5)));  // over the lags with a gradient
  CHECK(std::isnan(decay_rate(norms, 3).value));
}

TEST_CASE("The map has in each row the gradient norms of a shorter run") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("lstm", w / "cell", {I, H});
  const int T = 9, B = 2;
  const Array x = inputs(T, B);
  const GradientMap map = gradient_map(*cell, x, last_squares, {}, {.every = 2});
  REQUIRE(map.times == std::vector<int>{1, 3, 5, 7, 9});
  REQUIRE(map.log_norms.shape() == Shape{5, 5, B});
  for (int i = 0; i < 5; ++i) {
    const int later = map.times[static_cast<std::size_t>(i)];
    const Array norms = gradient_norms(*cell, x.range(0, later), last_squares);
    for (int k = 0; k < 5; ++k)
      for (int b = 0; b < B; ++b) {
        if (k > i) CHECK(std::isnan(map.log_norms.at({i, k, b})));
        else
          CHECK(map.log_norms.at({i, k, b}) ==
                Approx(norms.at({later - map.times[static_cast<std::size_t>(k)], b})).margin(1e-12));
      }
  }
  CHECK(gradient_map(*cell, inputs(200, 1), sums).times.size() <= 64);
  CHECK(gradient_map(*cell, x, sums).times.size() == 9);
}

TEST_CASE("A decay rate is the slope over the chosen lags, with an error from rows or residuals") {
  Array norms = Array::zeros({101, 3}, f64);
  for (int lag = 0; lag <= 100; ++lag)
    for (int b = 0; b < 3; ++b) norms.set_flat(lag * 3 + b, lag < 10 ? 5 : (-.5 + .1 * (b - 1)) * lag + b);
  const Estimate rate = decay_rate(norms, 10);
  CHECK(rate.value == Approx(-.5));
  CHECK(rate.error == Approx(.1 / std::sqrt(3)));
  Array wave = Array::zeros({101, 1}, f64);
  for (int lag = 0; lag <= 100; ++lag) wave.set_flat(lag, .2 * lag + (lag % 2 ? 1 : -1));
  const Estimate one = decay_rate(wave);
  CHECK(one.value == Approx(.2).margin(.01));
  CHECK(one.error == Approx(std::sqrt(101. / 99 / (101 * 10200 / 12.))).epsilon(.01));
  CHECK(std::isnan(decay_rate(wave, 99).value));
}

TEST_CASE("Gradient norms are the same to the bit for any number of threads and other rows") {
  const int before = threads();
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("gru", w / "cell", {I, 24});
  const auto run = [&](int n, int rows) {
    set_threads(n);
    const Array x = inputs(30, 4);
    Array some = Array::empty({30, rows, I}, f64);
    for (int t = 0; t < 30; ++t) some[t].assign(x[t].range(0, rows));
    const Array norms = gradient_norms(*cell, some, last_squares);
    std::vector<double> first;
    for (int lag = 0; lag <= 30; ++lag) first.push_back(norms.at({lag, 0}));
    return first;
  };
  const auto one = run(1, 4);
  CHECK(run(2, 4) == one);
  CHECK(run(3, 4) == one);
  const auto alone = run(1, 1);
  for (std::size_t lag = 0; lag <= 30; ++lag) CHECK(alone[lag] == Approx(one[lag]).epsilon(1e-12));
  set_threads(before);
}

TEST_CASE("Options out of range, and losses of another shape, are rejected") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("rnn", w / "cell", {I, H});
  CHECK_THROWS_WITH(gradient_norms(*cell, inputs(5, 2), sums, {}, {.lags = 6}),
                    Contains("the largest lag is 6, with 5 steps"));
  CHECK_THROWS_WITH(gradient_norms(*cell, inputs(5, 2), [](const Var& y, int) { return y; }),
                    Contains("the loss of step 4 is [2, 4], not one number or [2], one per row"));
  CHECK_THROWS_WITH(gradient_map(*cell, inputs(5, 2), sums, {}, {.every = 6}), Contains("points every 6 steps, of 5"));
  CHECK_THROWS_WITH(decay_rate(Array::zeros({5, 1}, f64), 3, 3), Contains("lags 3 to 3 of 4"));
  CHECK_THROWS_AS(decay_rate(Array::zeros({5}, f64)), ShapeError);
}

}  // namespace gradient_norms_test
