#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace clockwork_test {

using namespace ebb;

constexpr int T = 20, B = 2, I = 3, H = 8;

TEST_CASE("A module of the clockwork network moves when its period has passed, and only then") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("clockwork", w / "", {I, H});
  Tape tape{{.dtype = f64}};
  const Run run = unroll(*cell, Sequence(constant(normal({T, B, I}, Key{1}, 0, 1, f64))), StepContext{});
  for (int t = 1; t < T; ++t)
    for (int unit = 0; unit < H; ++unit) {
      CAPTURE(t, unit);
      const bool due = t % (1 << unit / 2) == 0;
      const Array now = run[t].value(), before = run[t - 1].value();
      CHECK((now.at({0, unit}) != before.at({0, unit})) == due);
    }
}

TEST_CASE("The clocks are part of the state: a run in two parts is the whole run") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("clockwork", w / "", {I, H});
  Tape tape{{.dtype = f64}};
  const Var x = constant(normal({T, B, I}, Key{1}, 0, 1, f64));
  const Run whole = unroll(*cell, Sequence(x), StepContext{});
  const Run first = unroll(*cell, Sequence(range(x, 0, 7)), StepContext{});
  const Run second = unroll(*cell, Sequence(range(x, 7, T)), first.end(), StepContext{});
  CHECK(test::same_bits(whole.last().value(), second.last().value()));
}

TEST_CASE("Modules that do not divide the hidden size are rejected") {
  Params w;
  CHECK_THROWS_AS(make_cell("clockwork:modules=3", w / "", {I, H}), ValueError);
  CHECK_THROWS_AS(make_cell("mlstm:heads=3", w / "", {I, H}), ValueError);
}

}  // namespace clockwork_test
