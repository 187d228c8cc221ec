#include <cmath>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/observe/lyapunov.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>
#include <numeric>

#include "catch.hpp"
#include "nn/arrays.hpp"
#include "numbers.hpp"

namespace lyapunov_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

constexpr int B = 2, I = 2, H = 4;

Array zeros64(const Shape& s) { return Array::zeros(s, f64); }
Array data(int T, std::uint64_t seed = 1) { return normal({T, B, I}, Key{seed}.named("x"), 0, 1, f64); }

double sum_of(const Lyapunov& l) {
  double sum = 0;
  for (const Estimate& e : l.exponents)
    if (std::isfinite(e.value)) sum += e.value;
  return sum;
}

/// Two copies of a state, of which the next step reads one.
struct Copies {
  struct State {
    Var h, copy;
  };
  Param W, U;
  Copies(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)), U(p.matrix("U", s.hidden, s.hidden)) {
    p.state("h", &State::h, {s.hidden});
    p.state("copy", &State::copy, {s.hidden});
  }
  State step(const Var& x, const State& s) const {
    const Var h = tanh(matmul(x, W) + matmul(s.h, U));
    return {.h = h, .copy = 2 * h};
  }
};
EBB_CELL_NAMED(copies, "test-copies", Copies, "a field that no step reads");

/// A state of more than 2048 numbers, of which each shrinks by a factor of its own.
struct Wide {
  struct State {
    Var A;
  };
  Array factors;
  Wide(Builder p, CellSizes s) : factors(Array::empty({s.hidden, 100}, f64)) {
    for (std::int64_t k = 0; k < factors.size(); ++k) factors.set_flat(k, 1 / (1. + static_cast<double>(k)));
    p.state("A", &State::A, {s.hidden, 100}, 1);
  }
  State step(const Var&, const State& s) const { return {.A = s.A * constant(factors)}; }
  Var output(const Var&, const State& s) const { return sum(s.A, {-1}); }
};
EBB_CELL_NAMED(wide, "test-wide", Wide, "a matrix as state");

}  // namespace

TEST_CASE("An orthogonal linear network has exponents of zero, a diagonal one ln |u|") {
  Params w{{.dtype = f64}};
  const CellPtr turning = make_cell("rnn:activation=linear,recurrent=orthogonal", w / "turning", {I, 20});
  const Lyapunov still = lyapunov(*turning, data(300));
  REQUIRE(still.exponents.size() == 20);
  for (const Estimate& e : still.exponents) CHECK(std::abs(e.value) < 1e-12);
  CHECK(still.difference < 1e-12);

  const CellPtr cell = make_cell("rnn:activation=linear", w / "diagonal", {I, H});
  const double u[H] = {1e-12, -3, .5, 1.25};
  Array U = zeros64({H, H});
  for (int k = 0; k < H; ++k) U.set_flat(k * H + k, u[k]);
  test::set(w, "diagonal/U", U);
  const Lyapunov l = lyapunov(*cell, Drive::held(zeros64({1, I}), 300));
  const double sorted[H] = {3, 1.25, .5, 1e-12};
  for (std::size_t k = 0; k < H; ++k) {
    CHECK(l.exponents[k].value == Approx(std::log(sorted[k])).epsilon(1e-12));
    CHECK(l.exponents[k].error < 1e-12);
  }
  CHECK(l.entropy_rate.value == Approx(std::log(3) + std::log(1.25)));
  CHECK(l.dimension.value == Approx(3 + std::log(3 * 1.25 * .5) / std::log(1e12)));
  CHECK(l.positive_share.value == .5);
}

TEST_CASE("The exponents of diagonal are the logarithms of its elements, along data") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("diagonal:low=.25,high=2", w / "cell", {I, 4});
  const Lyapunov l = lyapunov(*cell, data(40));
  for (std::size_t k = 0; k < 4; ++k)
    CHECK(l.exponents[k].value == Approx(std::log(2.) * (1 - static_cast<double>(k))).margin(1e-14));
  CHECK(l.difference < 1e-14);
  CHECK_THROWS_WITH(make_cell("diagonal:low=0", w / "wrong", {I, 4}), Contains("must be above 0"));
}

TEST_CASE("The exponents of a tanh network along data agree with numpy's, and so does the last state") {
  const auto golden = test::observe_golden()["tanh"];
  const int T = 60, N = 6;
  test::Numbers numbers(5);
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("rnn", w / "rnn", {2, N});
  test::set(w, "rnn/W", numbers.matrix(2, N));
  test::set(w, "rnn/U", .75 * numbers.matrix(N, N));
  test::set(w, "rnn/b", numbers.matrix(1, N).reshape({N}));
  const Lyapunov l = lyapunov(*cell, numbers.matrix(T, 2).reshape({T, 1, 2}), {}, {.warm_up = 0});
  for (int i = 0; i < N; ++i) {
    const auto k = static_cast<std::size_t>(i);
    CHECK(l.exponents[k].value == Approx(golden["exponents"][k].get<double>()).epsilon(1e-12));
    CHECK(l.end.at({0, i}) == Approx(golden["end"][k].get<double>()).epsilon(1e-13));
    CHECK(l.of_rows.at({0, i}) == Approx(l.exponents[k].value));
    double mean = 0;
    for (int block = 0; block < 15; ++block) mean += l.of_blocks.at({block, i}) * 4 / 60;  // of 3 or 4 steps
    CHECK(mean == Approx(l.exponents[k].value).margin(.2));
  }
}

TEST_CASE("For every cell the sum of the exponents is the mean of ln |det J|, by elimination") {
  for (const CellInfo& info : cell_list()) {
    if (info.name.rfind("test-", 0) == 0 && info.name != "test-copies") continue;
    INFO(info.name);
    Params w{{.dtype = f64}};
    const CellPtr cell = make_cell(info.name, w / "cell", {I, H});
    const Lyapunov l = lyapunov(*cell, data(120), {}, {.at = StepContext({.seed = 3})});
    REQUIRE(l.checked);
    CHECK(l.state_size == state_size(*cell));
    CHECK(static_cast<int>(l.exponents.size()) == l.state_size);
    CHECK(l.difference < 1e-10);  // LayerNorm's Jacobian is nearly singular
    CHECK(l.lost == l.lost_by_elimination);
    if (l.lost == 0) CHECK(sum_of(l) == Approx(l.log_determinant).epsilon(1e-11).margin(1e-10));
    const auto lost =
        std::count_if(l.exponents.begin(), l.exponents.end(), [](Estimate e) { return std::isinf(e.value); });
    CHECK(static_cast<double>(lost) >= l.lost);
  }
}

TEST_CASE("Directions that a step loses are exponents of -inf, counted on both sides, and the rest are checked") {
  Params w{{.dtype = f64}};
  const CellPtr copies = make_cell("test-copies", w / "copies", {I, H});
  const Lyapunov l = lyapunov(*copies, data(200));
  CHECK(l.lost == H);
  CHECK(l.lost_by_elimination == H);
  CHECK(std::isfinite(l.exponents[H - 1].value));
  CHECK(std::isinf(l.exponents[H].value));
  CHECK(l.difference < 1e-11);
  // The others are those of the cell without the copy.
  const CellPtr plain = make_cell("rnn", w / "plain", {I, H});
  test::set(w, "plain/W", w.find("copies/W").value());
  test::set(w, "plain/U", w.find("copies/U").value());
  test::set(w, "plain/b", zeros64({H}));
  const Lyapunov same = lyapunov(*plain, data(200));
  for (std::size_t i = 0; i < H; ++i) CHECK(l.exponents[i].value == Approx(same.exponents[i].value).margin(.02));

  const CellPtr relu = make_cell("rnn:activation=relu", w / "relu", {I, 30});
  const Lyapunov r = lyapunov(*relu, data(200));
  CHECK(r.lost > 0);
  CHECK(r.lost == r.lost_by_elimination);
  CHECK(r.difference < 1e-11);
}

TEST_CASE("A step that maps every direction to zero leaves exponents of -inf") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("rnn:activation=relu", w / "dead", {I, H});
  test::set(w, "dead/b", Array::full({H}, -100, f64));
  const Lyapunov l = lyapunov(*cell, data(40));
  CHECK(l.lost == H);
  CHECK(l.lost_by_elimination == H);
  for (const Estimate& e : l.exponents) CHECK(e.value == -INFINITY);
  CHECK(l.difference == 0);
}

TEST_CASE("A product of Gaussian matrices has the exponents of Newman's formula") {
  const int N = 32, rows = 8, T = 400;
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("gaussian", w / "cell", {1, N});
  const Lyapunov l = lyapunov(*cell, Drive::held(zeros64({rows, 1}), T), {}, {.warm_up = 40});
  CHECK(l.exponents.front().value == Approx(-.0158).margin(.02));
  CHECK(l.exponents.back().value == Approx(-2.368).margin(.1));
  CHECK(l.difference < 1e-12);
}

TEST_CASE("Henon's map: the exponents, and their sum ln .3 at every point") {
  Params w;  // float32: the cell has no parameters
  const CellPtr cell = make_cell("henon", w / "cell", {1, 1});
  const int rows = 40;
  const Lyapunov l = lyapunov(*cell, Drive::held(zeros64({rows, 1}), 1000), uniform({rows, 2}, Key{1}, -.1, .1, f64));
  CHECK(l.exponents[0].value == Approx(.4193).margin(.01));
  CHECK(l.exponents[1].value == Approx(-1.6233).margin(.01));
  CHECK(l.sum == Approx(std::log(.3)).epsilon(1e-13));
  CHECK(l.log_determinant == Approx(std::log(.3)).epsilon(1e-13));
  CHECK(l.dimension.value == Approx(1 + .4193 / 1.6233).margin(.01));
  CHECK(std::abs(l.exponents[0].value - .4193) < 5 * l.exponents[0].error + 1e-4);
}

TEST_CASE("The leading directions alone, with the Jacobian and without it, are those of the whole spectrum") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("lstm", w / "cell", {I, 12});
  const Lyapunov whole = lyapunov(*cell, data(300));
  for (const int k : {2, 6, 16}) {  // of 24: k <= S / 2 by products
    const Lyapunov some = lyapunov(*cell, data(300), {}, {.directions = k});
    CHECK_FALSE(some.checked);
    REQUIRE(static_cast<int>(some.exponents.size()) == k);
    for (std::size_t i = 0; i < some.exponents.size(); ++i)
      CHECK(some.exponents[i].value == Approx(whole.exponents[i].value).margin(.01));
  }
}

TEST_CASE("The mean of all exponents comes from determinants where only the leading ones are followed") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("tanhmap:g=2", w / "cell", {1, 40});
  const Drive free = Drive::held(zeros64({2, 1}), 400);
  const Array start = uniform({2, 40}, Key{1}, -1, 1, f64);
  const Lyapunov whole = lyapunov(*cell, free, start);
  CHECK(whole.mean.value == Approx(whole.log_determinant / 40).epsilon(1e-11));
  CHECK(whole.mean.error > 0);
  for (const int k : {3, 30}) {  // by products and by the Jacobian
    const Lyapunov some = lyapunov(*cell, free, start, {.directions = k, .determinants = 1});
    CHECK(some.mean.value == Approx(whole.mean.value).epsilon(1e-11));
    CHECK(some.mean.error == Approx(whole.mean.error).epsilon(.02));  // blocks of 22 or 23 steps
    CHECK_FALSE(some.checked);
    const Lyapunov every_fourth = lyapunov(*cell, free, start, {.directions = k, .determinants = 4});
    CHECK(every_fourth.mean.value != some.mean.value);
    CHECK(std::abs(every_fourth.mean.value - whole.mean.value) < 4 * every_fourth.mean.error);
    CHECK(std::isnan(lyapunov(*cell, free, start, {.directions = k}).mean.value));
  }
}

TEST_CASE("What the leading exponents determine is that of the whole spectrum, and what they do not is NaN") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("tanhmap:g=3", w / "cell", {1, 40});
  const Drive free = Drive::held(zeros64({1, 1}), 3000);
  const Array start = uniform({1, 40}, Key{1}, -1, 1, f64);
  const Lyapunov whole = lyapunov(*cell, free, start);
  const Lyapunov enough = lyapunov(*cell, free, start, {.directions = 20});
  const auto agree = [](Estimate a, Estimate b) { return std::abs(a.value - b.value) <= 3 * (a.error + b.error); };
  CHECK(agree(enough.dimension, whole.dimension));
  CHECK(agree(enough.entropy_rate, whole.entropy_rate));
  CHECK(agree(enough.positive_share, whole.positive_share));
  CHECK(enough.positive_share.value < .3);  // of all 40
  REQUIRE(whole.exponents[2].value > .05);
  const Lyapunov few = lyapunov(*cell, free, start, {.directions = 2});
  CHECK(std::isnan(few.dimension.value));
  CHECK(std::isnan(few.entropy_rate.value));
  CHECK(std::isnan(few.positive_share.value));
}

TEST_CASE("The mean of all exponents is -inf if a step loses a direction") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("test-copies", w / "copies", {I, H});
  CHECK(lyapunov(*cell, data(60)).mean.value == -INFINITY);
  CHECK(lyapunov(*cell, data(60), {}, {.directions = 2, .determinants = 3}).mean.value == -INFINITY);
}

TEST_CASE("A state too large for its Jacobian gets its leading exponents by products alone") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("test-wide", w / "cell", {1, 30});  // 3000 numbers
  const Lyapunov l = lyapunov(*cell, Drive::held(zeros64({1, 1}), 400), {}, {.warm_up = 300});
  CHECK(l.state_size == 3000);
  REQUIRE(l.exponents.size() == 32);
  for (std::size_t i = 0; i < 6; ++i)
    CHECK(l.exponents[i].value == Approx(-std::log(1. + static_cast<double>(i))).margin(1e-6));
  CHECK(std::isnan(l.log_determinant));
  CHECK(std::isnan(l.mean.value));
}

TEST_CASE("Exponents are the same bits for any number of threads") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("gru", w / "cell", {I, 40});
  const int before = threads();
  std::vector<double> values[2];
  for (const int n : {1, 3}) {
    set_threads(n);
    for (const Estimate& e : lyapunov(*cell, data(40)).exponents) {
      values[n == 3].push_back(e.value);
      values[n == 3].push_back(e.error);
    }
  }
  set_threads(before);
  CHECK(values[0] == values[1]);
}

TEST_CASE("What cannot be measured is rejected with the reason") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("henon", w / "cell", {1, 1});
  const Drive free = Drive::held(zeros64({1, 1}), 1000);
  CHECK_THROWS_WITH(lyapunov(*cell, free, Array::full({1, 2}, 3, f64)), Contains("infinite or NaN after"));
  CHECK_THROWS_WITH(lyapunov(*cell, free, Array::full({2, 2}, 0, f64)), Contains("[1, 2]"));
  CHECK_THROWS_WITH(lyapunov(*cell, free, {}, {.directions = 3}),
                    "lyapunov: directions must be from 0 to 2, the size of the state of cell henon, but is 3");
  CHECK_THROWS_WITH(lyapunov(*cell, free, {}, {.warm_up = 990}),
                    "lyapunov: the inputs have 1000 steps, but a warm-up of 990 and one step for each of 16 blocks "
                    "need 1006");
  CHECK_THROWS_WITH(lyapunov(*cell, free, {}, {.blocks = 1}), "lyapunov: blocks must be at least 2, but is 1");
  CHECK_THROWS_WITH(lyapunov(*cell, free, {}, {.determinants = -1}),
                    "lyapunov: determinants must be at least 0, but is -1");
  CHECK_THROWS_WITH(lyapunov(*cell, zeros64({3, 1})), Contains("[steps, rows, width]"));
  CHECK_THROWS_WITH(lyapunov(*cell, Array::full({40, 1, 1}, NAN, f64)),
                    "the inputs x are infinite or NaN in step 0, row 0");
  CHECK_THROWS_WITH(lyapunov(*cell, zeros64({40, 1, 3})),
                    "the inputs x are [1, 3] in step 0, but cell henon was made for a width of 1");
}

TEST_CASE("Kaplan and Yorke's dimension interpolates where the sum changes its sign") {
  CHECK(kaplan_yorke({-1, -2}, true) == 0);
  CHECK(kaplan_yorke({.5, -1}, true) == 1.5);
  CHECK(kaplan_yorke({.5, -.25, -.5}, true) == 2.5);
  CHECK(kaplan_yorke({.5, -INFINITY}, true) == 1);
  CHECK(kaplan_yorke({.5, -.5}, true) == 2);
  CHECK(std::isnan(kaplan_yorke({.5, -.25}, false)));
}

}  // namespace lyapunov_test
