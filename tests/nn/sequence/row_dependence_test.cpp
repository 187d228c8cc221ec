#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/row_dependence.hpp>
#include <ebb/ops/random.hpp>

#include "catch.hpp"

namespace row_dependence_test {

using namespace ebb;

namespace {

// The second step alone adds the mean over rows, to one field.
struct LateMean {
  struct State {
    Var h, m;
  };
  Param W;
  LateMean(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {
    p.state("h", &State::h, {s.hidden});
    p.state("m", &State::m, {s.hidden});
  }
  State step(const Var& x, const State& s, const StepContext& at) const {
    const Var h = tanh(matmul(x, W) + s.h);
    return {.h = h, .m = at.time() == 1 ? s.m + mean(h, 0, Keep::yes) : s.m};
  }
};
EBB_CELL_NAMED(late_mean, "test-late-mean", LateMean, "rows that depend on each other in a later step");

std::string dependence(const std::string& name, int steps, int rows) {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell(name, w / "cell", {3, 4});
  const Key key{7};
  return row_dependence(*cell, uniform({steps, rows, 3}, key.named("x"), -1, 1, f64),
                        states_near_start(*cell, rows, key));
}

}  // namespace

TEST_CASE("rows that depend on each other are found in every field and step, and only there") {
  CHECK(dependence("test-late-mean", 2, 3).rfind("last m, row 0 is ", 0) == 0);
  CHECK(dependence("test-late-mean", 1, 3).empty());
  CHECK(dependence("test-late-mean", 2, 1).empty());  // a row by itself
  for (const char* cell : {"lstm", "gru", "rnn"}) CHECK(dependence(cell, 3, 4).empty());
}

}  // namespace row_dependence_test
