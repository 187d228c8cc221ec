#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/row_dependence.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/random.hpp>
#include <stdexcept>

#include "catch.hpp"

namespace row_dependence_test {

using namespace ebb;

namespace {

// One step alone adds the mean over rows, to one field.
struct LateMean {
  struct State {
    Var h, m;
  };
  Param W;
  int late;
  LateMean(Builder p, CellSizes s)
      : W(p.matrix("W", s.input, s.hidden)), late(p.whole("late", 1, 0, 1000, "the step that adds the mean")) {
    p.state("h", &State::h, {s.hidden});
    p.state("m", &State::m, {s.hidden});
  }
  State step(const Var& x, const State& s, const StepContext& at) const {
    const Var h = tanh(matmul(x, W) + s.h);
    return {.h = h, .m = at.time() == late ? s.m + mean(h, 0, Keep::yes) : s.m};
  }
};
EBB_CELL_NAMED(late_mean, "test-late-mean", LateMean, "rows that depend on each other in a later step");

// The other rows change the rounding alone, and the chaotic map 1 - 2 h^2 doubles the difference at each step.
struct ChaoticRounding {
  ChaoticRounding(Builder, CellSizes) {}
  Hidden step(const Var&, const Hidden& s) const {
    const Var m = mean(s.h, 0, Keep::yes);
    return {1 - 2 * square((s.h + m) - m)};
  }
};
EBB_CELL_NAMED(chaotic_rounding, "test-chaotic-rounding", ChaoticRounding, "rows that differ by rounding");

// Its own error, in a late step.
struct LateThrow {
  Param W;
  LateThrow(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s, const StepContext& at) const {
    if (at.time() == 1500) throw std::runtime_error("it broke");
    return {tanh(matmul(x, W) + s.h)};
  }
};
EBB_CELL_NAMED(late_throw, "test-late-throw", LateThrow, "throws in step 1500");

std::string dependence(const std::string& name, int steps, int rows) {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell(name, w / "cell", {3, 4});
  const Key key{7};
  return row_dependence(*cell, uniform({steps, rows, 3}, key.named("x"), -1, 1, f64),
                        states_near_start(*cell, rows, key));
}

}  // namespace

TEST_CASE("rows that depend on each other are found in every field and step, and only there") {
  CHECK(dependence("test-late-mean", 2, 3).rfind("m of step 1, row 0 is ", 0) == 0);
  CHECK(dependence("test-late-mean", 1, 3).empty());
  CHECK(dependence("test-late-mean", 2, 1).empty());  // a row by itself
  CHECK(dependence("test-late-mean:late=150", 200, 3).rfind("m of step 150, row 0 is ", 0) == 0);
  CHECK(dependence("test-late-mean:late=150", 150, 3).empty());
  CHECK(dependence("test-chaotic-rounding", 200, 3).empty());
  for (const char* cell : {"lstm", "gru", "rnn"}) CHECK(dependence(cell, 3, 4).empty());
}

TEST_CASE("the error of a step names the step, in a run too") {
  const auto throws = Catch::Matchers::Contains("it broke (time step 1500)");
  CHECK_THROWS_WITH(dependence("test-late-throw", 1501, 2), throws);
  CHECK(dependence("test-late-throw", 1500, 2).empty());
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("test-late-throw", w / "cell", {3, 4});
  const Tape tape{{.dtype = f64}};
  CHECK_THROWS_WITH(unroll(*cell, constant(Array::zeros({1501, 2, 3}, f64)), StepContext()), throws);
}

}  // namespace row_dependence_test
