#include <atomic>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/autograd/trace.hpp>
#include <ebb/autograd/watch.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/bidirectional.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/nn/sequence/recurrent_dropout.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/nn/sequence/zoneout.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/memory.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace checkpoint_test {

using namespace ebb;

namespace {

std::atomic<int> calls = 0;

/// Counts its steps.
struct Counted {
  Param W, U;
  Counted(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)), U(p.matrix("U", s.hidden, s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s) const {
    ++calls;
    return {tanh(matmul(x, W) + matmul(s.h, U))};
  }
};
EBB_CELL_NAMED(counted, "test-counted", Counted, "counts its steps");

/// Draws numbers that differ whenever a step is run.
struct Fickle {
  Param W;
  explicit Fickle(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s) const { return {tanh(matmul(x, W) + s.h * (1.0 / ++calls))}; }
};
EBB_CELL_NAMED(fickle, "test-fickle", Fickle, "depends on more than its arguments");

/// Hands fields on, and returns one value under two names, each read twice by the next step.
struct Shared {
  struct State {
    Var h, copy, before, kept;
  };
  Param W, U;
  Shared(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)), U(p.matrix("U", s.hidden, s.hidden)) {
    p.state("h", &State::h, {s.hidden});
    p.state("copy", &State::copy, {s.hidden});
    p.state("before", &State::before, {s.hidden});
    p.state("kept", &State::kept, {s.hidden});
  }
  State step(const Var& x, const State& s) const {
    const Var a = s.h * s.copy + s.before * .3 + s.kept, b = s.copy * .7 - s.h + sin(s.before) * s.kept;
    const Var h = tanh(matmul(x, W) + matmul(a, U) + b);
    return {.h = h, .copy = h, .before = s.h, .kept = s.kept};
  }
};
EBB_CELL_NAMED(shared, "test-shared", Shared, "fields that are shared");

constexpr int T = 7, B = 3, I = 2, H = 4;

std::vector<Checkpoint> schedules() {
  return {1,
          2,
          3,
          5,
          7,
          9,
          Checkpoint::square_root(),
          Checkpoint::revolve(),
          Checkpoint::revolve(1),
          Checkpoint::revolve(2),
          Checkpoint::revolve(3)};
}

/// Values and gradients of a run: parameters, inputs and initial state.
std::vector<Array> gradients(const Cell& cell, const UnrollOptions& o, DType type, CellSizes sizes) {
  Tape tape{{.dtype = type}};
  const Var x = variable(uniform({T, B, sizes.input}, Key{4}, -1, 1, type));
  State initial = cell.initial_state(B);
  for (int k = 0; k < initial.size(); ++k)
    initial[k] = variable(initial[k].value() +
                          uniform(initial[k].shape(), Key{5}.at(static_cast<std::uint64_t>(k)), -.3, .3, type));
  const Run run = unroll(cell, Sequence(x), initial, StepContext({.training = true, .seed = 6}), o);
  Var loss = sum(square(run.last()));
  if (o.reads != Reads::last) loss += sum(run.all() * constant(uniform(run.all().shape(), Key{7}, -1, 1, type)));
  for (int k = 0; k < run.end().size(); ++k)
    if (run.end()[k].requires_grad()) loss += sum(square(run.end()[k])) * .5;
  const Grads g = tape.backward(loss);
  std::vector<Array> all{loss.value(), g.flat(), g[x]};
  for (int k = 0; k < initial.size(); ++k) all.push_back(g[initial[k]]);
  return all;
}

void check_same(const std::vector<Array>& got, const std::vector<Array>& wanted) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t k = 0; k < got.size(); ++k) {
    CAPTURE(k);
    CHECK(test::same_bits(got[k], wanted[k]));
  }
}

void check_schedules(const Cell& cell, DType type, CellSizes sizes) {
  for (const Direction d : {Direction::forward, Direction::backward})
    for (const Reads reads : {Reads::last, Reads::outputs, Reads::states}) {
      const auto wanted = gradients(cell, {.direction = d, .reads = reads}, type, sizes);
      int number = 0;
      for (const Checkpoint& c : schedules()) {
        CAPTURE(number++, d == Direction::forward, static_cast<int>(reads));
        check_same(gradients(cell, {.direction = d, .checkpoint = c, .reads = reads}, type, sizes), wanted);
      }
    }
}

}  // namespace

TEST_CASE("Gradients through checkpoints have the bits of those without, for every cell and schedule") {
  for (const CellInfo& info : cell_list()) {
    if (info.name.rfind("test-", 0) == 0 && info.name != "test-shared" && info.name != "test-handed") continue;
    for (const DType type : {f32, f64}) {
      INFO(info.name << " " << name_of(type));
      const CellSizes sizes = accepted_sizes(info.name, {I, H});
      Params w{{.dtype = type}};
      check_schedules(*make_cell(info.name, w / "cell", sizes), type, sizes);
    }
  }
}

TEST_CASE("Masks and noise of wrappers are the same when steps are run again") {
  Params w{{.dtype = f32}};
  const auto cell = [&](const char* name) { return make_cell(name, w / std::to_string(w.count()).c_str(), {I, H}); };
  check_schedules(DropoutCell(cell("lstm"), {.input = .3, .state = .3, .per_sequence = false}), f32, {I, H});
  check_schedules(DropoutCell(cell("gru"), {.input = .3, .state = .3}), f32, {I, H});
  check_schedules(Zoneout(cell("lstm"), .4), f32, {I, H});
  check_schedules(RecurrentDropout(cell("gru"), .4), f32, {I, H});
  check_schedules(*make_stack("lstm", w / "stack", {I, H}, 2), f32, {I, H});
}

namespace {

struct Model {
  Params w{{.seed = 3}};
  CellPtr there, back;
  Array x = normal({11, 20, I}, Key{1}, 0, 1);
  Lengths lengths = integers({20}, Key{2}, 0, 12);
  explicit Model(double dropout = .3) {
    const auto layer = [&](const char* scope, int input) {
      return CellPtr(
          new Zoneout(CellPtr(new DropoutCell(make_cell("lstm", w / scope, {input, H}), {.input = dropout})), .2));
    };
    there = CellPtr(new StackedCell({layer("1", I), layer("2", H)}));
    back = make_cell("gru", w / "back", {I, H});
  }
  Result backward(const Checkpoint& c, int shards = 0) const {
    const UnrollOptions f{.checkpoint = c}, b{.direction = Direction::backward, .checkpoint = c};
    return ebb::backward(w, {.rows = 20, .update = 4, .seed = 9, .shards = shards}, [&](Shard& s) {
      const Packed in = pack(s.sequence(x), s.rows(lengths));
      const Run run = unroll(*there, in, s.context("a"), f), reverse = unroll(*back, in, s.context("b"), b);
      const Var y = concat({run.packed().all, reverse.packed().all}, -1);
      s.out("end", run.end());
      return s.sum(square(y)) + s.sum(run.last() * reverse.last()) + s.sum(square(run.end()["1/c"]));
    });
  }
};

}  // namespace

TEST_CASE("With lengths, two layers, dropout, both directions and any number of shards", "[shards]") {
  const Model m;
  for (const int shards : {1, 3, 0}) {
    const Result wanted = m.backward({}, shards);
    for (const Checkpoint& c : schedules()) {
      const Result got = m.backward(c, shards);
      CHECK(test::same_bits(got.grads.flat(), wanted.grads.flat()));
      CHECK(got.loss == wanted.loss);
      CHECK(test::same_bits(got.state("end")["2/h"], wanted.state("end")["2/h"]));
    }
  }
}

TEST_CASE("Last outputs of rows of different lengths are read without all outputs") {
  const Model m;
  const auto run = [&](const UnrollOptions& o) {
    Tape tape;
    const Var x = variable(m.x);
    const Run r = unroll(*m.there, Sequence(x), m.lengths, StepContext({.training = true}), o);
    const Grads g = tape.backward(sum(square(r.last())) + sum(square(r.end()["2/c"])));
    return std::vector<Array>{g.flat(), g[x], r.last().value()};
  };
  const auto wanted = run({});
  for (const Checkpoint& c : schedules()) check_same(run({.checkpoint = c, .reads = Reads::last}), wanted);
}

TEST_CASE("Gradients that are retained within a checkpointed run have the same bits") {
  Params w;
  const CellPtr cell = make_cell("lstm", w / "cell", {I, H});
  for (const Direction d : {Direction::forward, Direction::backward}) {
    const auto retained = [&](const Checkpoint& c) {
      Tape tape;
      const Var x = retain(variable(uniform({T, B, I}, Key{4}, -1, 1)));
      const Run run =
          unroll(*cell, Sequence(x), StepContext{}, {.direction = d, .checkpoint = c, .reads = Reads::states});
      const std::vector<Var> h = run.states("h"), cs = run.states("c");
      for (const auto* list : {&h, &cs})
        for (const Var& v : *list) retain(v);
      const Var loss = sum(square(run.all())) + sum(square(cs[2]));
      std::vector<Array> all;
      for (const Var& g : grad(loss, {h[1], cs[3], cs[5]})) all.push_back(g.value());
      const Grads g = tape.backward(loss);
      all.push_back(g[x]);
      for (const auto* list : {&h, &cs})
        for (const Var& v : *list) all.push_back(g[v]);
      return all;
    };
    const auto wanted = retained({});
    for (const Checkpoint& c : schedules()) check_same(retained(c), wanted);
  }
}

TEST_CASE("Gradients with respect to chosen Vars, and two backward passes over one graph") {
  Params w;
  const CellPtr cell = make_cell("gru", w / "cell", {I, H});
  const auto run = [&](const Checkpoint& c) {
    Tape tape;
    const Var x = variable(uniform({T, B, I}, Key{4}, -1, 1));
    const Run r = unroll(*cell, Sequence(x), StepContext{}, {.checkpoint = c});
    const Var loss = sum(square(r.all()));
    const std::vector<Var> some = grad(loss, {x, var_of(w[0])});
    const Grads first = tape.backward(loss, true), again = tape.backward(loss);
    CHECK(test::same_bits(first.flat(), again.flat()));
    return std::vector<Array>{some[0].value(), some[1].value(), first.flat(), first[x]};
  };
  const auto wanted = run({});
  for (const Checkpoint& c : schedules()) check_same(run(c), wanted);
}

TEST_CASE("Transformed and bound parameters, and tied weights used outside of the run") {
  Params w;
  const CellPtr cell = make_cell("rnn", w / "cell", {H, H});
  const Leaf W = w[0];
  W.transform([](const Var& m) { return m - .5 * transpose(m); });
  const Array other = uniform(w[1].shape(), Key{8}, -.4, .4);
  const auto run = [&](const Checkpoint& c) {
    Tape tape;
    const Var x = variable(uniform({T, B, H}, Key{4}, -1, 1));
    const Bind bound(w[1], other);
    const Run r = unroll(*cell, Sequence(x), StepContext{}, {.checkpoint = c});
    const Grads g = tape.backward(sum(square(matmul(r.last(), W))) + sum(square(var_of(W))));
    return std::vector<Array>{g.flat(), g[x]};
  };
  const auto wanted = run({});
  for (const Checkpoint& c : schedules()) check_same(run(c), wanted);
}

TEST_CASE("A checkpointed run evaluates, is watched once, and is traced like any other") {
  Params w;
  const CellPtr cell = make_cell("lstm", w / "cell", {I, H});
  const auto loss = [&](const Checkpoint& c) {
    return [&cell, c](Shard& s) {
      const Array x = uniform({T, B, I}, Key{4}, -1, 1);
      return s.sum(square(unroll(*cell, s.sequence(x), s.context(), {.checkpoint = c}).all()));
    };
  };
  CHECK(evaluate(w, {.rows = B}, loss(2)).loss == evaluate(w, {.rows = B}, loss({})).loss);
  const auto watched = [&](const Checkpoint& c) {
    Watch seen;
    backward(w, {.rows = B}, loss(c));
    CHECK(seen.runs(seen.names().front()) == 1);
    return seen[seen.names().front()];
  };
  CHECK(test::same_bits(watched(2), watched({})));
  CHECK(trace_nonfinite(w, {.rows = B}, loss(Checkpoint::revolve(2))).empty());
}

TEST_CASE("Revolve takes the number of steps of the binomial formula, which is the least") {
  const auto over = [](std::int64_t n, std::int64_t k) {
    std::int64_t c = 1;
    for (std::int64_t j = 1; j <= k; ++j) c = c * (n - k + j) / j;
    return c;
  };
  constexpr int longest = 40, most = 5;
  std::vector<std::vector<int>> least(most + 1, std::vector<int>(longest + 1, 0));  // by dynamic programming
  for (int s = 1; s <= most; ++s)
    for (int l = 2; l <= longest; ++l) {
      int best = l * (l - 1) / 2;
      for (int m = 1; s > 1 && m < l; ++m)
        best = std::min(best, m + least[static_cast<std::size_t>(s - 1)][static_cast<std::size_t>(l - m)] +
                                  least[static_cast<std::size_t>(s)][static_cast<std::size_t>(m)]);
      least[static_cast<std::size_t>(s)][static_cast<std::size_t>(l)] = best;
    }
  Params w;
  const CellPtr cell = make_cell("test-counted", w / "cell", {1, 1});
  for (int s = 1; s <= most; ++s)
    for (int l = 1; l <= longest; ++l) {
      CAPTURE(s, l);
      int r = 0;
      while (over(s + r, s) < l) ++r;
      const auto formula = static_cast<int>(r * l - (r > 0 ? over(s + r, s + 1) : 0));
      CHECK(formula == least[static_cast<std::size_t>(s)][static_cast<std::size_t>(l)]);
      calls = 0;
      Tape tape;
      const Run run =
          unroll(*cell, constant(Array::zeros({l, 1, 1})), StepContext{}, {.checkpoint = Checkpoint::revolve(s)});
      CHECK(calls == l - 1 + 1);  // the last is recorded
      tape.backward(sum(run.last()));
      CHECK(calls == formula + l);
    }
}

TEST_CASE("Blocks of steps are run again once, but for the last") {
  Params w;
  const CellPtr cell = make_cell("test-counted", w / "cell", {1, 1});
  for (const auto& [c, again] : std::vector<std::pair<Checkpoint, int>>{
           {10, 90}, {30, 90}, {99, 99}, {100, 0}, {Checkpoint::square_root(), 90}}) {
    calls = 0;
    Tape tape;
    const Run run =
        unroll(*cell, constant(Array::zeros({100, 1, 1})), StepContext{}, {.checkpoint = c, .reads = Reads::last});
    tape.backward(sum(run.last()));
    CHECK(calls == 100 + again);
  }
}

TEST_CASE("The peak of memory is that of the schedule") {
  Params w;
  const int steps = 2500, rows = 8, hidden = 32;
  const CellPtr cell = make_cell("lstm", w / "cell", {1, hidden});
  const Array x = uniform({steps, rows, 1}, Key{4}, -1, 1);
  const double state = 2.0 * rows * hidden * 4;  // h and c, float32
  const auto peak = [&](const Checkpoint& c) {
    Tape tape;
    const Var in = constant(x);
    reset_pool_peak();
    const auto before = static_cast<double>(pool_stats().in_use);
    const Run run = unroll(*cell, Sequence(in), StepContext{}, {.checkpoint = c, .reads = Reads::last});
    tape.backward(sum(run.last()));
    return static_cast<double>(pool_stats().peak) - before;
  };
  const double all = peak({}), recorded = all / steps;  // bytes that a step records
  CHECK(peak(100) < 2 * (25 * state + 100 * recorded));
  CHECK(peak(Checkpoint::square_root()) < 2 * (50 * state + 50 * recorded));
  const double collected =
      2 * 256 * (5.0 * hidden + 1) * 4;  // 256 rows of x, h and the gates' adjoints, and their packs
  CHECK(peak(Checkpoint::revolve(20)) < 2 * (20 * state + recorded) + collected * 1.25);
  CHECK(peak(Checkpoint::square_root()) < all / 15);
}

TEST_CASE("What a checkpointed run cannot give is an error that names the cure") {
  Params w;
  const CellPtr cell = make_cell("test-fickle", w / "cell", {1, 1}), plain = make_cell("rnn", w / "plain", {1, 1});
  const Array x = uniform({T, B, 1}, Key{4}, -1, 1);
  const auto run = [&](const Cell& c, const UnrollOptions& o) { return unroll(c, constant(x), StepContext{}, o); };
  using test::message_of;
  {
    Tape tape;
    const Var loss = sum(run(*cell, {.checkpoint = 2}).last());
    CHECK(test::contains(message_of<TapeError>([&] { tape.backward(loss); }), "StepContext"));
    const Run last = run(*plain, {.checkpoint = 2, .reads = Reads::last});
    CHECK(test::contains(message_of<ValueError>([&] { last.all(); }), "Reads::outputs"));
    CHECK(test::contains(message_of<ValueError>([&] { last.states("h"); }), "Reads::states"));
    Var bound;
    {
      const Bind other(w[1], uniform(w[1].shape(), Key{1}, -1, 1));
      bound = sum(run(*plain, {.checkpoint = 2}).last());
    }
    CHECK(test::contains(message_of<TapeError>([&] { tape.backward(bound); }), "keep the Bind"));
  }
  Tape second{{.order = 2}};
  CHECK(test::contains(message_of<TapeError>([&] { run(*plain, {.checkpoint = 2}); }), "order 2"));
  CHECK_THROWS_AS(Checkpoint(0), ValueError);
  for (const char* text : {"", "0", "-1", "sqr", "revolve:", "revolve:0", "12x"})
    CHECK_THROWS_AS(Checkpoint::parse(text), ValueError);
  CHECK(!Checkpoint::parse("none"));
}

}  // namespace checkpoint_test
