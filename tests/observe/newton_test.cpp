#include <algorithm>
#include <cmath>
#include <ebb/autograd/op.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/observe/lyapunov.hpp>
#include <ebb/observe/newton.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>
#include <string>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace newton_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

constexpr int I = 2, B = 3;

Array sequence(int T, int rows = B) { return normal({T, rows, I}, Key{1}.named("x"), 0, 1, f64); }

Drive free_run(int T, int rows = B) { return Drive::held(Array::zeros({rows, I}, f64), T); }

int most(const std::vector<int>& n) { return *std::max_element(n.begin(), n.end()); }
int least(const std::vector<int>& n) { return *std::min_element(n.begin(), n.end()); }

/// A bounded map with derivatives up to 400: products of more than 118 leave float64.
struct Steep {
  Steep(Builder p, CellSizes s) { p.state("h", &Hidden::h, {s.hidden}, .3); }
  Hidden step(const Var&, const Hidden& s) const { return {20 * sin(20 * s.h)}; }
};
EBB_CELL_NAMED(steep, "test-steep", Steep, "a map with a large derivative");

/// An op whose gradient is written on arrays.
struct HalfSine {
  static constexpr auto name = "test_half_sine";
  static constexpr unsigned needs = need_inputs;
  Array value(const Array& x) const { return sin(x) * .5; }
  Array vjp(const Array& g, const Array& x, const Array&) const { return g * cos(x) * .5; }
};
struct FirstOrder {
  Param U;
  FirstOrder(Builder p, CellSizes s) : U(p.matrix("U", s.hidden, s.hidden)) {
    p.state("h", &Hidden::h, {s.hidden}, .3);
  }
  Hidden step(const Var&, const Hidden& s) const { return {apply(HalfSine{}, matmul(s.h, U)) + .1}; }
};
EBB_CELL_NAMED(first_order, "test-first-order", FirstOrder, "an op with a first-order gradient");

}  // namespace

TEST_CASE("A linear cell needs one iteration, whatever its length and guess") {
  Params w{{.dtype = f64}};
  for (const char* name : {"rnn:activation=linear", "gaussian"})
    for (const int T : {1, 10, 200}) {
      CAPTURE(name, T);
      const CellPtr cell = make_cell(name, w / name / std::to_string(T).c_str(), {I, 5});
      const NewtonRun n = newton_through_time(*cell, sequence(T), {}, {}, {.tolerance = 1e-24});
      REQUIRE(n.iterations.size() == 1);
      CHECK(n.lengths == std::vector<int>{T});
      CHECK(n.iterations[0] == std::vector<int>(B, 1));
      CHECK(n.ends == std::vector<NewtonEnd>(B, NewtonEnd::converged));
      for (int b = 0; b < B; ++b) {
        CHECK(n.error[static_cast<std::size_t>(b)] < 1e-12);
        CHECK(n.merit[static_cast<std::size_t>(b)].size() == 2);
      }
    }
}

TEST_CASE("The trajectory is the sequential one, for every registered cell, in at most T iterations") {
  const int T = 12;
  for (const CellInfo& info : cell_list()) {
    if (info.name.rfind("test-", 0) == 0) continue;
    INFO(info.name);
    Params w{{.dtype = f64}};
    const CellPtr cell = make_cell(info.name, w / "cell", {I, 4});
    const NewtonRun n = newton_through_time(*cell, sequence(T), {}, {}, {.tolerance = 1e-24});
    CHECK(most(n.iterations[0]) <= T);
    CHECK(least(n.iterations[0]) >= 1);
    CHECK(*std::max_element(n.error.begin(), n.error.end()) < 1e-9);
  }
}

TEST_CASE("A cell that forgets needs few iterations, a chaotic one about as many as there are steps") {
  Params w{{.dtype = f64}};
  const int T = 60;
  const CellPtr calm = make_cell("tanhmap:g=0.4", w / "calm", {I, 40}),
                wild = make_cell("tanhmap:g=3", w / "wild", {I, 40});
  const NewtonRun few = newton_through_time(*calm, sequence(T)), many = newton_through_time(*wild, sequence(T));
  CHECK(most(few.iterations[0]) <= 6);
  CHECK(least(many.iterations[0]) > T / 2);
  CHECK(most(many.iterations[0]) <= T);
  CHECK(*std::max_element(few.error.begin(), few.error.end()) < 1e-4);
}

TEST_CASE("T iterations make the trajectory exact to the last bit, and the merit zero") {
  Params w{{.dtype = f64}};
  const int T = 40;
  const CellPtr cell = make_cell("tanhmap:g=4", w / "cell", {I, 30});
  const NewtonRun n = newton_through_time(*cell, sequence(T), {}, {}, {.tolerance = 0});
  for (std::size_t b = 0; b < B; ++b) {
    CHECK(n.ends[b] == NewtonEnd::converged);
    CHECK(n.iterations[0][b] <= T);
    CHECK(n.error[b] == 0);
    CHECK(n.merit[b].back() == 0);
    CHECK(n.merit[b].size() == static_cast<std::size_t>(n.iterations[0][b]) + 1);
  }
}

TEST_CASE("One run counts the iterations of shorter runs") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("tanhmap:g=2", w / "cell", {I, 20});
  const Array x = sequence(50);
  const NewtonRun all = newton_through_time(*cell, x, {}, {}, {.lengths = {20, 5, 50}});
  REQUIRE(all.lengths == std::vector<int>{5, 20, 50});
  for (std::size_t k = 0; k < 3; ++k)
    CHECK(newton_through_time(*cell, x.range(0, all.lengths[k])).iterations.back() == all.iterations[k]);
}

TEST_CASE("Iterations grow with the largest exponent, and with the length only where it is positive", "[science]") {
  const int D = 50, T = 300;
  const Array amplitude = uniform({D}, Key{1}.named("A"), 0, .2, f64),
              omega = uniform({D}, Key{1}.named("w"), .5, 3, f64),
              phase = uniform({D}, Key{1}.named("p"), 0, 6.283185307179586, f64);
  const Drive drive = Drive::made(T, [&](int t) { return (amplitude * sin(omega * t + phase)).reshape({1, D}); });
  double last_lambda = -INFINITY;
  int last = 0;
  for (const double g : {.5, 1., 2.}) {
    Params w{{.dtype = f64}};
    const std::string name = "tanhmap:g=" + std::to_string(g);
    const CellPtr cell = make_cell(name, w / "cell", {D, D});
    Array one = Array::zeros({D, D}, f64);
    for (int k = 0; k < D; ++k) one.set_flat(k * (D + 1), 1);
    test::set(w, "cell/W", one);
    const Array start = uniform({1, D}, Key{2}, -1, 1, f64);
    const NewtonRun n = newton_through_time(*cell, drive, start, {}, {.lengths = {30, 100}});
    const double lambda = lyapunov(*cell, drive, start, {.directions = 1}).exponents[0].value;
    CAPTURE(g, lambda, n.iterations[0][0], n.iterations[1][0], n.iterations[2][0]);
    CHECK(lambda > last_lambda);
    CHECK(n.iterations[2][0] > last);
    last_lambda = lambda;
    last = n.iterations[2][0];
    if (g == .5) CHECK(n.iterations[2][0] <= n.iterations[0][0] + 1);
    if (g == 2) CHECK(n.iterations[2][0] > 2 * n.iterations[1][0]);
  }
}

TEST_CASE("States that leave float64 go back to the guess, or end the row, and are reported") {
  Params w;
  const CellPtr cell = make_cell("test-steep", w / "cell", {I, 2});
  const int T = 160;
  const NewtonRun n = newton_through_time(*cell, free_run(T));
  CHECK(n.ends[0] == NewtonEnd::converged);
  CHECK(n.first_not_finite[0] >= 1);
  CHECK(n.error[0] < 1e-4);
  const NewtonRun off = newton_through_time(*cell, free_run(T), {}, {}, {.reset = false});
  CHECK(off.ends[0] == NewtonEnd::diverged);
  CHECK(off.iterations[0][0] == -1);
  CHECK(off.first_not_finite[0] == n.first_not_finite[0]);
  CHECK(all_finite(off.states));
  const NewtonRun cut = newton_through_time(*cell, free_run(T), {}, {}, {.iterations = 3});
  CHECK(cut.ends[1] == NewtonEnd::unfinished);
  CHECK(cut.merit[1].size() == 4);
}

TEST_CASE("A cell with an op that has a first-order gradient only is measured through its Jacobians") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("test-first-order", w / "cell", {I, 5});
  const NewtonRun n = newton_through_time(*cell, free_run(30), {}, {}, {.tolerance = 1e-24});
  CHECK(most(n.iterations[0]) <= 8);
  CHECK(n.error[0] < 1e-11);
}

TEST_CASE("A row is measured alike in any batch and for any number of threads") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("gru", w / "cell", {I, 8});
  const Array x = sequence(25), one = x.column_block(0, I);
  const NewtonRun all = newton_through_time(*cell, x);
  Array first = Array::empty({25, 1, I}, f64);
  for (int t = 0; t < 25; ++t) first[t].assign(x[t].range(0, 1));
  const NewtonRun alone = newton_through_time(*cell, first);
  CHECK(alone.iterations[0][0] == all.iterations[0][0]);
  CHECK(alone.merit[0] == all.merit[0]);
  const int before = threads();
  set_threads(before == 1 ? 3 : 1);
  CHECK(newton_through_time(*cell, x).merit == all.merit);
  set_threads(before);
}

TEST_CASE("Guesses and lengths that do not fit are rejected") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("gru", w / "cell", {I, 4});
  const auto run = [&](const Array& guess, const NewtonOptions& o) {
    return newton_through_time(*cell, sequence(5), {}, guess, o);
  };
  CHECK_THROWS_WITH(run(Array::zeros({4, B, 4}, f64), {}), Contains("the states are [5, 3, 4]"));
  CHECK_THROWS_WITH(run({}, {.lengths = {6}}), Contains("6 steps along 5"));
  CHECK_THROWS_WITH(run({}, {.tolerance = -1}), Contains("not be negative"));
  CHECK(run(Array::zeros({5, B, 4}), {}).ends[0] == NewtonEnd::converged);
}

TEST_CASE("The predicted conditioning is bounded for a negative exponent and grows with T for a positive one") {
  CHECK(newton_log_condition(0, 100) == Approx(2 * std::log(100.)));
  CHECK(newton_log_condition(-.5, 100000) == Approx(-2 * std::log(1 - std::exp(-.5))));
  CHECK(newton_log_condition(1, 10000) == Approx(2 * (9999 - std::log(1 - std::exp(-1.)))));
  CHECK(newton_log_condition(.3, 1) == 0);
}

}  // namespace newton_test
