#include <ebb/autograd/fuse.hpp>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/reduce.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace state_gradients_test {

using namespace ebb;

namespace {

// One LSTM in two implementations: in the plain one h' is computed from the node of c', in the fused one it is not.
struct LstmParams {
  struct State {
    Var h, c;
  };
  Param Wx, Wh, b;
  LstmParams(Builder p, CellSizes s)
      : Wx(p.matrix("Wx", s.input, 4 * s.hidden)), Wh(p.matrix("Wh", s.hidden, 4 * s.hidden)),
        b(p.vector("b", 4 * s.hidden)) {
    p.state("h", &State::h, {s.hidden});
    p.state("c", &State::c, {s.hidden});
  }
};
struct PlainLstm : LstmParams {
  using LstmParams::LstmParams;
  State step(const Var& x, const State& s) const {
    auto [i, f, g, o] = split<4>(matmul(x, Wx) + matmul(s.h, Wh) + b);
    const Var c = sigmoid(f) * s.c + sigmoid(i) * tanh(g);
    return {.h = sigmoid(o) * tanh(c), .c = c};
  }
};
EBB_CELL_NAMED(plain_lstm, "test-plain-lstm", PlainLstm, "LSTM written in plain Vars");
struct FusedLstm : LstmParams {
  using LstmParams::LstmParams;
  State step(const Var& x, const State& s) const {
    auto [c, h] = fuse(
        [](auto i, auto f, auto g, auto o, auto c) {
          auto c1 = sigmoid(f) * c + sigmoid(i) * tanh(g);
          return std::pair{c1, sigmoid(o) * tanh(c1)};
        },
        split<4>(matmul(x, Wx) + matmul(s.h, Wh) + b), s.c);
    return {.h = h, .c = c};
  }
};
EBB_CELL_NAMED(fused_lstm, "test-fused-lstm", FusedLstm, "LSTM written with fuse");

// Fields without a separate node: the input and a previous state passed on, one value under two names, two views of one
// array of which the step also uses one.
struct Handed {
  struct State {
    Var h, copy, left, right, kept, before, input;
  };
  Param W, U;
  Handed(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)), U(p.matrix("U", s.hidden, 2 * s.hidden)) {
    p.state("h", &State::h, {s.hidden});
    p.state("copy", &State::copy, {s.hidden});
    p.state("left", &State::left, {s.hidden});
    p.state("right", &State::right, {s.hidden});
    p.state("kept", &State::kept, {s.hidden}, .5);
    p.state("before", &State::before, {s.hidden});
    p.state("input", &State::input, {s.input});
  }
  State step(const Var& x, const State& s) const {
    auto [left, right] = split<2>(matmul(tanh(s.h + .5 * s.copy), U));
    const Var h = tanh(matmul(x + s.input, W) + left * s.right + s.kept * right + .3 * s.before + .2 * s.left);
    return {.h = h, .copy = h, .left = left, .right = right, .kept = s.kept, .before = s.h, .input = x};
  }
};
EBB_CELL_NAMED(handed, "test-handed", Handed, "fields that are handed on or shared");

constexpr int T = 6, B = 3, I = 2, H = 4;

Var numbers(const Shape& shape, const char* name) { return constant(uniform(shape, Key{3}.named(name), -1, 1, f64)); }

/// A loss of a run's results after step `t`: outputs from t on, and the last state.
Var loss_of(const Cell& cell, const Sequence& x, const Run& later, const State& at, int t) {
  Var sum_ = sum(cell.output(x[t], at) * numbers({B, H}, "out"));
  for (int k = 0; k < later.steps(); ++k) sum_ += sum(square(later[k]) * numbers({B, H}, "out"));
  return sum_;
}

/// dL/d(state t), from a run that starts there with constant values.
std::vector<Array> restarted(const Cell& cell, const Array& inputs, const std::vector<Array>& state, int t) {
  Tape tape{{.dtype = f64}};
  const Sequence x(variable(inputs));
  State s(cell.field_names(), cell.field_count());
  for (int k = 0; k < s.size(); ++k) s[k] = variable(state[static_cast<std::size_t>(k)]);
  const Run later = t + 1 < T ? unroll(cell, Sequence(range(x.all(), t + 1, T)), s, StepContext{}) : Run{};
  const Grads g = tape.backward(loss_of(cell, x, later, s, t));
  std::vector<Array> result;
  for (int k = 0; k < s.size(); ++k) result.push_back(g[s[k]]);
  return result;
}

void check_against_restart(const std::string& name, bool recorded) {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell(name, w / "cell", {I, H});
  const Array inputs = uniform({T, B, I}, Key{5}, -1, 1, f64);
  for (int t = 0; t < T; ++t) {
    Tape tape{{.dtype = f64, .order = recorded ? 2 : 1}};
    const Sequence x(variable(inputs));
    const Run first = unroll(*cell, Sequence(range(x.all(), 0, t + 1)), StepContext{});
    std::vector<Var> wrt;
    for (int k = 0; k < cell->field_count(); ++k)
      wrt.push_back(first.states(cell->field(k).name)[static_cast<std::size_t>(t)]);
    const Run later = t + 1 < T ? unroll(*cell, Sequence(range(x.all(), t + 1, T)), first.end(), StepContext{}) : Run{};
    const Var loss = loss_of(*cell, x, later, first.end(), t);
    std::vector<Var> live;
    std::vector<Array> state;
    for (const Var& v : wrt) state.push_back(v.value());
    for (const Var& v : wrt)
      if (v.requires_grad()) live.push_back(v);
    const std::vector<Var> got = grad(loss, live, {.create_graph = recorded});
    const std::vector<Array> wanted = restarted(*cell, inputs, state, t);
    std::size_t at = 0;
    for (int k = 0; k < cell->field_count(); ++k) {
      if (!wrt[static_cast<std::size_t>(k)].requires_grad()) continue;
      INFO(name << ", " << cell->field(k).name << ", step " << t);
      CHECK(test::error_of(got[at++].value(), wanted[static_cast<std::size_t>(k)]) < 1e-12);
    }
  }
}

}  // namespace

TEST_CASE("The gradient of a state does not depend on how the step is written, at every lag") {
  std::map<std::string, Array> of[2];
  for (int k = 0; k < 2; ++k) {
    Params w{{.dtype = f64}};
    const CellPtr cell = make_cell(k == 0 ? "test-plain-lstm" : "test-fused-lstm", w / "cell", {I, H});
    of[k] = backward(w, {.rows = B, .dtype = f64}, [&](Shard& s) {
              const Run run = unroll(*cell, s.sequence(uniform({T, B, I}, Key{5}, -1, 1, f64)), s.context());
              for (const char* field : {"h", "c"}) s.retain(field, run.states(field));
              return s.sum(square(run.last()));
            }).retained;
  }
  for (const char* field : {"h", "c"})
    for (int t = 0; t < T; ++t) {
      const Array plain = of[0][field][t], fused = of[1][field][t];
      INFO(field << ", lag " << T - 1 - t);
      CHECK(test::error_of(plain, fused) < 1e-13);
      CHECK((sum_of_squares(plain) > 0) == (field[0] == 'h' || t < T - 1));  // the loss does not depend on the last c
    }
}

TEST_CASE("The gradient of a state equals that of a run started from it, for every cell") {
  for (const CellInfo& c : cell_list()) {
    if (c.name.rfind("test-", 0) == 0 && c.name != "test-handed" && c.name != "test-plain-lstm") continue;
    check_against_restart(c.name, false);
    check_against_restart(c.name, true);
  }
}

TEST_CASE("Retained states of a run and those of grad agree, in both directions of time") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("test-plain-lstm", w / "cell", {I, H});
  const Array inputs = uniform({T, B, I}, Key{5}, -1, 1, f64);
  for (const Direction d : {Direction::forward, Direction::backward}) {
    Tape tape{{.dtype = f64}};
    const Run run = unroll(*cell, Sequence(constant(inputs)), {}, StepContext{}, d);
    const std::vector<Var> c = run.states("c");
    for (const Var& v : c) retain(v);
    const Var loss = sum(square(run.last()));
    const std::vector<Var> asked = grad(loss, c);
    const Grads g = tape.backward(loss);
    for (std::size_t t = 0; t < c.size(); ++t) CHECK(test::same_bits(g[c[t]], asked[t].value()));
    CHECK(largest_magnitude(g[d == Direction::forward ? c.back() : c.front()]) == 0);
    CHECK(largest_magnitude(g[d == Direction::forward ? c.front() : c.back()]) > 0);
  }
}

}  // namespace state_gradients_test
