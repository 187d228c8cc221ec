#include <ebb/autograd/shards.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/elementwise.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace truncated_test {

// Backpropagation through time in windows of k steps, with the state carried over.
using namespace ebb;

namespace {

constexpr int T = 12, B = 20, I = 3, H = 5;

struct Model {
  Params w{{.seed = 6, .dtype = f64}};
  CellPtr cell = make_cell("lstm", w / "lstm", {I, H});
  Linear out{w / "out", H, 2};
  Array x = uniform({T, B, I}, Key{1}, -1, 1, f64), y = uniform({T, B, 2}, Key{2}, -1, 1, f64);
};

struct Total {
  double loss = 0;
  Array gradient;
  StateArrays carry;
};

Total windows(const Model& m, int k) {
  Total total;
  for (int t = 0; t < T; t += k) {
    const Array x = m.x.range(t, std::min(t + k, T)), y = m.y.range(t, std::min(t + k, T));
    const Result r = backward(m.w, {.rows = B, .dtype = f64}, [&](Shard& s) {
      const Run run = unroll(*m.cell, s.sequence(x), s.take(total.carry), s.context());
      s.out("carry", run.end());
      return s.sum(squared_error(m.out(run.all()), s.sequence(y).all()));
    });
    total.loss += r.loss;
    total.gradient = total.gradient ? total.gradient + r.grads.flat() : r.grads.flat().copy();
    total.carry = r.state("carry");
  }
  return total;
}

// The same truncation on one tape, by detaching the state.
Array detached(const Model& m, int k) {
  Tape tape{{.dtype = f64}};
  const Var x = constant(m.x), y = constant(m.y);
  Var loss = constant(Array::number(0, f64));
  State s = m.cell->initial_state(B);
  for (int t = 0; t < T; ++t) {
    if (t % k == 0)
      for (int f = 0; f < s.size(); ++f) s[f] = detach(s[f]);
    s = m.cell->step(x[t], s, StepContext{});
    loss += sum(squared_error(m.out(s["h"]), y[t]));
  }
  return tape.backward(loss).flat();
}

}  // namespace

TEST_CASE("One window over the whole sequence gives the full gradient", "[shards]") {
  const Model m;
  CHECK(test::error_of(windows(m, T).gradient, detached(m, T)) < 1e-12);
}

TEST_CASE("Windows carry the state and cut the graph: the loss is unchanged, the gradient is that of the cut graph",
          "[shards]") {
  const Model m;
  const Total whole = windows(m, T);
  for (const int k : {1, 4, 5}) {
    CAPTURE(k);
    const Total cut = windows(m, k);
    CHECK(cut.loss == Approx(whole.loss).epsilon(1e-12));
    CHECK(test::error_of(cut.carry["h"], whole.carry["h"]) < 1e-12);
    CHECK(test::error_of(cut.carry["c"], whole.carry["c"]) < 1e-12);
    CHECK(test::error_of(cut.gradient, detached(m, k)) < 1e-12);
    CHECK(test::error_of(cut.gradient, whole.gradient) > 1e-6);
  }
}

TEST_CASE("Carried states are arrays over the whole batch, in the order of its rows", "[shards]") {
  const Model m;
  const Total sharded = windows(m, T);
  REQUIRE(sharded.carry.names == std::vector<std::string>{"h", "c"});
  CHECK(sharded.carry["c"].shape() == Shape{B, H});
  Tape tape{{.dtype = f64}};
  const Run run = unroll(*m.cell, Sequence(constant(m.x)), StepContext{});
  CHECK(test::same_bits(sharded.carry["h"], run.end()["h"].value()));
  CHECK(test::same_bits(sharded.carry["c"], run.end()["c"].value()));
}

}  // namespace truncated_test
