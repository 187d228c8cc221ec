#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/nn/sequence/zoneout.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/reduce.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace wrappers_test {

using namespace ebb;

namespace {

constexpr int T = 6, I = 3, H = 5;

/// A cell with several wrappers, and their names.
struct Wrapped {
  const char* cell;
  const char* wrapper;
};

CellPtr make(Params& w, const Wrapped& c) {
  const CellPtr plain = make_cell(c.cell, w / "rnn", {I, H});
  const std::string kind = c.wrapper;
  if (kind == "zoneout") return CellPtr(new Zoneout(plain, .3));
  return CellPtr(new DropoutCell(plain, {.input = .2, .state = .4, .per_sequence = kind == "variational"}));
}

StepContext training(std::int64_t first_row = 0) {
  return StepContext({.training = true, .seed = 3, .update = 8, .first_row = first_row});
}

}  // namespace

TEST_CASE("Dropout preserves the mean, scales kept values, and does nothing in evaluation") {
  Tape tape{{.dtype = f64}};
  const Var x = constant(Array::full({50, 200}, 3, f64));
  const Array y = dropout(x, .25, training()).value();
  CHECK(mean(y).item() == Approx(3).epsilon(.03));
  for (int k = 0; k < 100; ++k) CHECK((y.at_flat(k) == 0 || y.at_flat(k) == Approx(4)));
  CHECK(dropout(x, .25, StepContext()).node() == x.node());
  CHECK(dropout(x, 0, training()).node() == x.node());
  CHECK_THROWS_AS(dropout(x, 1, training()), ValueError);
  CHECK_THROWS_AS(Zoneout(CellPtr(), 1.5), ValueError);
}

TEST_CASE("Dropout of a sequence has a mask per step, and a row's mask does not depend on its shard") {
  Tape tape{{.dtype = f64}};
  const Var x = constant(Array::full({T, 8, I}, 1, f64));
  const Array all = dropout(Sequence(x), .5, training(), "in").all().value();
  for (int t = 0; t < T; ++t)
    CHECK(test::same_bits(all[t], dropout(Sequence(x)[t], .5, training().at_time(t), "in").value()));
  const Var later = constant(Array::full({T, 3, I}, 1, f64));
  const Array part = dropout(Sequence(later), .5, training(5), "in").all().value();
  for (int t = 0; t < T; ++t) CHECK(test::same_bits(part[t], all[t].range(5, 8)));
  CHECK_FALSE(test::same_bits(all[0], all[1]));
}

TEST_CASE("Variational dropout has one mask for all steps of a sequence, plain dropout one per step") {
  for (const bool per_sequence : {true, false}) {
    Tape tape{{.dtype = f64}};
    Params w{{.dtype = f64}};
    // With W = 0 and U = 1 a linear RNN passes its masked state on: a dropped value stays zero.
    const CellPtr cell(new DropoutCell(make_cell("rnn:activation=linear", w / "rnn", {1, 400}),
                                       {.state = .5, .per_sequence = per_sequence}));
    {
      Edit change = w.edit();
      for (int k = 0; k < w.count(); ++k) change[w[k]].fill(0);
      for (int k = 0; k < 400; ++k) change[w.find("rnn/U")].set_flat(k * 401, 1);
    }
    State start = cell->initial_state(1);
    start[0] = constant(Array::full({1, 400}, 1, f64));
    const Array end = unroll(*cell, constant(Array::zeros({4, 1, 1}, f64)), start, training()).last().value();
    int alive = 0;
    for (int k = 0; k < 400; ++k) alive += end.at_flat(k) != 0;
    if (per_sequence) CHECK(alive > 150);  // about a half
    else CHECK(alive < 60);                // about a sixteenth
  }
}

TEST_CASE("A state is dropped where it is multiplied by a matrix, not where it is passed on") {
  Tape tape{{.dtype = f64}};
  Params w{{.seed = 2, .dtype = f64}};
  // An update gate that keeps everything: h is unchanged whatever is dropped.
  const CellPtr gru(new DropoutCell(make_cell("gru:update_bias=1000", w / "rnn", {I, H}), {.state = .5}));
  State start = gru->initial_state(4);
  start[0] = constant(normal({4, H}, Key{1}, 0, 1, f64));
  const Var end = unroll(*gru, constant(normal({50, 4, I}, Key{2}, 0, 1, f64)), start, training()).last();
  CHECK(test::same_bits(end.value(), start[0].value()));

  const CellPtr blind = make_cell("mingru", w / "blind", {I, H});
  const std::string why = test::message_of<ValueError>([&] { DropoutCell(blind, {.state = .5}); });
  CHECK(test::contains(why, "cell mingru does not support dropout of its state"));
  CHECK(test::contains(why, "`State step(const Var& x, const State& s, const StateDrop& d) const`"));
  CHECK_NOTHROW(DropoutCell(blind, {.input = .5}));
}

TEST_CASE("Layers of a stack drop their states with separate masks of their own widths") {
  Tape tape{{.dtype = f64}};
  Params w{{.seed = 2, .dtype = f64}};
  const std::vector<CellPtr> layers{
      make_cell("rnn:activation=linear,init.U=identity,init.W=zeros,init.b=zeros", w / "1", {I, 300}),
      make_cell("rnn:activation=linear,init.U=identity,init.W=zeros,init.b=zeros", w / "2", {300, 200})};
  const CellPtr cell(new DropoutCell(CellPtr(new StackedCell(layers)), {.state = .5}));
  State start = cell->initial_state(1);
  for (int k = 0; k < 2; ++k) start[k] = full(start[k].shape(), 1);
  const State next = cell->step(zeros({1, I}), start, training());
  int both = 0, second = 0;
  for (int k = 0; k < 200; ++k) {
    second += next[1].value().at_flat(k) == 0;
    both += next[1].value().at_flat(k) == 0 && next[0].value().at_flat(k) == 0;
  }
  CHECK(second > 70);
  CHECK(second < 130);
  CHECK(both < 80);  // about a quarter; with one mask all of them
}

TEST_CASE("Zoneout of one keeps the state, of zero is the cell, and evaluation takes the mean") {
  Params w{{.seed = 2, .dtype = f64}};
  const CellPtr lstm = make_cell("lstm", w / "rnn", {I, H});
  Tape tape{{.dtype = f64}};
  const Var x = constant(normal({2, I}, Key{1}, 0, 1, f64));
  State s = lstm->initial_state(2);
  for (int k = 0; k < 2; ++k) s[k] = constant(normal({2, H}, Key{5}.at(static_cast<std::uint64_t>(k)), 0, 1, f64));
  const State n = lstm->step(x, s, training());
  const State kept = Zoneout(lstm, 1).step(x, s, training()), moved = Zoneout(lstm, 0).step(x, s, training());
  const State half = Zoneout(lstm, .5).step(x, s, StepContext());
  for (int k = 0; k < 2; ++k) {
    CHECK(test::same_bits(kept[k].value(), s[k].value()));
    CHECK(test::same_bits(moved[k].value(), n[k].value()));
    CHECK(test::error_of(half[k].value(), ((s[k] + n[k]) / 2).value()) < 1e-15);
  }
}

TEST_CASE("Gradients through wrappers agree with finite differences, with active masks, around any cell") {
  for (const Wrapped c : {Wrapped{"lstm", "zoneout"}, Wrapped{"gru", "variational"}, Wrapped{"janet", "dropout"},
                          Wrapped{"lem", "zoneout"}}) {
    CAPTURE(c.cell, c.wrapper);
    Params w{{.seed = 4, .dtype = f64}};
    const CellPtr cell = make(w, c);
    const Array x = normal({T, 20, I}, Key{1}, 0, 1, f64);
    const auto report =
        gradcheck(w, {.rows = 20, .update = 3, .seed = 9},
                  [&](Shard& s) { return s.sum(sum(square(unroll(*cell, s.sequence(x), s.context()).all()))); },
                  {.most_elements = 12});
    INFO(report);
    CHECK(report.ok());
  }
}

TEST_CASE("Wrapped cells have the same gradients sharded and whole", "[shards]") {
  for (const Wrapped c : {Wrapped{"lstm", "zoneout"}, Wrapped{"gru", "variational"}, Wrapped{"cornn", "dropout"}}) {
    CAPTURE(c.cell, c.wrapper);
    Params w{{.seed = 4, .dtype = f64}};
    const CellPtr cell = make(w, c);
    const Array x = normal({T, 33, I}, Key{1}, 0, 1, f64);
    const auto run = [&](int shards) {
      return backward(w, {.rows = 33, .dtype = f64, .shards = shards},
                      [&](Shard& s) { return s.sum(sum(square(unroll(*cell, s.sequence(x), s.context()).all()))); });
    };
    const Result one = run(1);
    for (const int shards : {0, 5, 33}) CHECK(test::error_of(run(shards).grads.flat(), one.grads.flat()) <= 1e-12);
  }
}

}  // namespace wrappers_test
