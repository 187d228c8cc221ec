#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/observe/lyapunov.hpp>
#include <ebb/observe/trajectory.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/memory.hpp>
#include <ebb/ops/reduce.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace trajectory_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

constexpr int B = 3, I = 2, H = 4;

Array inputs(int T) { return normal({T, B, I}, Key{1}.named("x"), 0, 1, f64); }

/// The state after one step at time t.
Array moved(const Cell& cell, const Array& x, const Array& state, int t) {
  const Tape tape{{.dtype = f64}};
  const NoGrad off;
  return flat_state(cell.step(constant(x), as_state(cell, constant(state)), StepContext().at_time(t))).value();
}

}  // namespace

TEST_CASE("The states along inputs are those of unroll, from the cell's initial state or a given one") {
  Params w;  // float32; the trajectory is float64
  const CellPtr cell = make_cell("lstm", w / "cell", {I, H});
  const Array x = inputs(5);
  const Tape tape{{.dtype = f64}};
  const Run run = unroll(*cell, Sequence(constant(x)), StepContext{});
  Trajectory s(*cell, x);
  CHECK(test::same_bits(s.state(), initial_state(*cell, B)));
  for (int t = 0; t < 5; ++t) {
    CHECK(s.time() == t);
    CHECK_FALSE(s.ended());
    s.advance();
    const std::size_t at = static_cast<std::size_t>(t);
    CHECK(test::same_bits(s.state().column_block(0, H), run.states("h")[at].value()));
    CHECK(test::same_bits(s.state().column_block(H, 2 * H), run.states("c")[at].value()));
  }
  CHECK(s.ended());
  Trajectory half(*cell, x.range(0, 2));
  while (!half.ended()) half.advance();
  Trajectory rest(*cell, x.range(2, 5), half.state());
  while (!rest.ended()) rest.advance();
  CHECK(test::same_bits(rest.state(), s.state()));
}

TEST_CASE("Data, a held input and inputs made on demand drive a cell alike") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("gru", w / "cell", {I, H});
  const Array x = inputs(1)[0];
  Array repeated = Array::empty({6, B, I}, f64);
  for (int t = 0; t < 6; ++t) {
    Array step = repeated[t];
    step.assign(x);
  }
  const auto end = [&](const Drive& drive) {
    Trajectory s(*cell, drive);
    while (!s.ended()) s.advance();
    return s.state();
  };
  CHECK(test::same_bits(end(repeated), end(Drive::held(x, 6))));
  CHECK(test::same_bits(end(repeated), end(Drive::made(6, [&](int) { return x.copy(); }))));
}

TEST_CASE("The Jacobian of each system of known values agrees with finite differences") {
  for (const char* name : {"tanhmap:g=2", "gaussian", "henon", "saddle"}) {
    INFO(name);
    Params w{{.dtype = f64}};
    const CellPtr cell = make_cell(name, w / "cell", {I, H});
    Trajectory s(*cell, inputs(4));
    for (int t = 0; t < 3; ++t) s.advance();
    const Array J = s.jacobian();
    const double h = 1e-6;
    for (int j = 0; j < s.size(); ++j) {
      Array up = s.state().copy(), down = s.state().copy();
      for (int b = 0; b < B; ++b) {
        up.set_flat(b * s.size() + j, up.at({b, j}) + h);
        down.set_flat(b * s.size() + j, down.at({b, j}) - h);
      }
      const Array x = inputs(4)[3], difference = (moved(*cell, x, up, 3) - moved(*cell, x, down, 3)) * (.5 / h);
      for (int b = 0; b < B; ++b)
        for (int i = 0; i < s.size(); ++i)
          CHECK(J.at({b, i, j}) == Approx(difference.at({b, i})).epsilon(1e-6).margin(1e-7));
    }
  }
}

TEST_CASE("J v by products is J times v, for every cell and row, whatever is drawn") {
  for (const CellInfo& info : cell_list()) {
    if (info.name.rfind("test-", 0) == 0) continue;
    INFO(info.name);
    Params w{{.dtype = f64}};
    const CellPtr cell = make_cell(info.name, w / "cell", {I, H});
    Trajectory s(*cell, inputs(4));
    for (int t = 0; t < 3; ++t) s.advance();
    const Array J = s.jacobian(), v = normal({B, 2, s.size()}, Key{2}, 0, 1, f64);
    CHECK(test::error_of(s.along(v), matmul(v, J, Trans::no, Trans::yes)) < 1e-12);
  }
}

TEST_CASE("The memory of a run does not grow with its length") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("lstm", w / "cell", {I, 16});
  const auto peak = [&](int T) {
    reset_pool_peak();
    const std::size_t before = pool_stats().peak;
    lyapunov(*cell, Drive::held(Array::zeros({2, I}, f64), T));
    return pool_stats().peak - before;
  };
  peak(30);
  CHECK(peak(300) == peak(30));
}

TEST_CASE("A trajectory that has ended keeps its last state, and rejects another step and its measures") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("gru", w / "cell", {I, H});
  for (const int T : {1, 3}) {
    Trajectory s(*cell, inputs(T));
    while (!s.ended()) s.advance();
    const Array last = s.state().copy();
    const std::string after = ": the trajectory has ended after " + std::to_string(T) + (T == 1 ? " step" : " steps") +
                              ", the length of its inputs";
    CHECK_THROWS_WITH(s.advance(), "advance" + after);
    CHECK_THROWS_WITH(s.jacobian(), "jacobian" + after);
    CHECK_THROWS_WITH(s.along(Array::zeros({B, 1, H}, f64)), "along" + after);
    CHECK_THROWS_AS(s.advance(), ValueError);
    CHECK(s.time() == T);
    CHECK(test::same_bits(s.state(), last));
  }
}

TEST_CASE("Inputs and states that do not fit, and states that leave float64, are rejected with step and row") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("henon", w / "cell", {I, 1});
  const Array x = Array::zeros({2, I}, f64);
  CHECK_THROWS_WITH(Drive(x), Contains("[steps, rows, width]"));
  CHECK_THROWS_WITH(Drive::held(inputs(2), 3), Contains("[rows, width]"));
  CHECK_THROWS_WITH(Drive::held(x, 0), Contains("at least one step"));
  CHECK_THROWS_WITH(Trajectory(*cell, Drive::held(x, 3), Array::zeros({2, 5}, f64)), Contains("henon must be [2, 2]"));
  CHECK_THROWS_WITH(Trajectory(*cell, Drive::held(x, 3)).along(x), Contains("[2, k, 2]"));
  Array start = Array::zeros({2, 2}, f64);
  start.set_flat(2, 1e200);
  Trajectory s(*cell, Drive::held(x, 3), start);
  CHECK_THROWS_WITH(s.advance(), Contains("after 1 step, in row 1"));
  Trajectory changed(*cell, Drive::made(2, [&](int t) { return Array::zeros({2 + t, I}, f64); }));
  CHECK_THROWS_WITH(changed.advance(), Contains("input of step 1 is [3, 2]"));
}

TEST_CASE("A wrong input is named as the caller's argument, with its step and row") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("gru", w / "cell", {I, H});
  Array x = inputs(3).copy();
  x.set_flat((2 * B + 1) * I, NAN);
  Trajectory s(*cell, x);
  s.advance();
  CHECK_THROWS_WITH(s.advance(), "the inputs x are infinite or NaN in step 2, row 1");
  CHECK_THROWS_WITH(Trajectory(*cell, Array::full({1, B, I}, INFINITY, f64)),
                    "the inputs x are infinite or NaN in step 0, row 0");
  CHECK_THROWS_WITH(Trajectory(*cell, Array::zeros({4, B, I + 1}, f64)),
                    "the inputs x are [" + std::to_string(B) + ", " + std::to_string(I + 1) +
                        "] in step 0, but cell gru was made for a width of " + std::to_string(I));
}

}  // namespace trajectory_test
