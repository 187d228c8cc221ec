#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/files/archive.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/nn/sequence/truncated.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/memory.hpp>
#include <ebb/optim/adam.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"
#include "temp_folder.hpp"

namespace truncated_training_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

constexpr int T = 12, B = 18, I = 3, H = 4;

struct Model {
  Params w{{.seed = 6, .dtype = f64}};
  CellPtr cell;
  Linear out{w / "out", H, 2};
  Array x = uniform({T, B, I}, Key{1}, -1, 1, f64), y = uniform({T, B, 2}, Key{2}, -1, 1, f64);

  explicit Model(const std::string& name)
      : cell(name == "stack" ? make_stack("gru", w / "rnn", {I, H}, 2) : make_cell(name, w / "rnn", {I, H})) {}

  Result window(Truncated& bptt, int from, int to) const {
    bptt.push(x.range(from, to));
    const Array targets = y.range(from, to);
    Result r = backward(w, {.rows = B, .dtype = f64}, [&](Shard& s) {
      const Run run = bptt.unroll(*cell, s.sequence(bptt.inputs()), s);
      return s.sum(squared_error(out(bptt.fresh(run)), s.sequence(targets).all()));
    });
    bptt.advance(r);
    return r;
  }
  /// The gradient of the losses of steps [from, to), truncated before step `cut`, on one tape.
  Grads by_hand(int cut, int from, int to, double& loss) const {
    Tape tape{{.dtype = f64}};
    const Var in = constant(x), wanted = constant(y);
    Var total = constant(Array::number(0, f64));
    State s = cell->initial_state(B);
    for (int t = 0; t < to; ++t) {
      if (t == cut)
        for (int k = 0; k < s.size(); ++k) s[k] = detach(s[k]);
      s = cell->step(in[t], s, StepContext{});
      if (t >= from) total += sum(squared_error(out(cell->output(in[t], s)), wanted[t]));
    }
    loss = total.item();
    return tape.backward(total);
  }
};

}  // namespace

TEST_CASE("Each update's gradient is that of the last k1 losses through the last k2 steps", "[shards]") {
  for (const char* name : {"lstm", "stack"})
    for (const auto& [k1, k2] : {std::pair{1, 1}, {1, 4}, {3, 3}, {3, 5}, {4, 8}, {5, 7}, {2, 100}, {T, T}}) {
      CAPTURE(name, k1, k2);
      const Model m(name);
      Truncated bptt{{.k1 = k1, .k2 = k2}};
      for (int from = 0; from < T; from += k1) {
        const int to = std::min(from + k1, T), cut = std::max(0, from + k1 - k2);  // the last window may be shorter
        double loss = 0;
        const Grads wanted = m.by_hand(cut, from, to, loss);
        const Result r = m.window(bptt, from, to);
        CHECK(r.loss == Approx(loss).epsilon(1e-12));
        CHECK(test::error_of(r.grads.flat(), wanted.flat()) < 1e-12);
      }
    }
}

TEST_CASE("Windows that reach back to the beginning sum to the full gradient, shorter ones do not", "[shards]") {
  const Model m("lstm");
  double loss = 0;
  const Array full = m.by_hand(0, 0, T, loss).flat();
  const auto error = [&](int k1, int k2) {
    Truncated bptt{{.k1 = k1, .k2 = k2}};
    Grads total;
    for (int from = 0; from < T; from += k1) total.add(m.window(bptt, from, from + k1).grads);
    return test::error_of(total.flat(), full);
  };
  CHECK(error(T, T) < 1e-12);
  CHECK(error(3, T) < 1e-12);
  CHECK(error(1, 2 * T) < 1e-12);
  CHECK(error(3, 3) > 1e-4);
  CHECK(error(3, 6) > 1e-6);
  CHECK(error(3, 6) < error(3, 3));
}

TEST_CASE("Memory does not grow with the stream's length, over tokens and with updates", "[shards]") {
  Params w{{.seed = 1}};
  const Embedding emb(w / "emb", 5, 3);
  const CellPtr cell = make_cell("gru", w / "rnn", {3, 8});
  const Linear out(w / "out", 8, 5);
  Adam adam{w, {.lr = 1e-2}};
  Truncated bptt{{.k1 = 2, .k2 = 6}};
  std::int64_t kept = 0;
  std::size_t in_use = 0;
  double early = 0, late = 0;
  for (std::uint64_t u = 0; u < 400; ++u) {
    Tokens x({2, 16}), y({2, 16});
    for (int t = 0; t < 2; ++t)
      for (int b = 0; b < 16; ++b) {
        const int time = 2 * static_cast<int>(u) + t;
        x.data()[t * 16 + b] = (time * time + b) % 5;
        y.data()[t * 16 + b] = time < 2 ? 0 : ((time - 2) * (time - 2) + b) % 5;  // from two steps before
      }
    bptt.push(x);
    const Result r =
        backward(w, {.rows = 16, .update = u, .shards = 1}, [&](Shard& s) {  // bytes are counted per thread
          const Run run = bptt.unroll(*cell, emb(s.sequence(bptt.tokens())), s);
          return s.mean_tokens(cross_entropy(out(bptt.fresh(run)), s.sequence(y)));
        });
    bptt.advance(r);
    adam.step(r.grads);
    (u < 50 ? early : late) += u < 50 || u >= 350 ? r.loss / 50 : 0;
    if (u == 20) {
      kept = r.kept_bytes;
      in_use = pool_stats().in_use;
    }
    if (u > 20) REQUIRE(r.kept_bytes == kept);
    if (u > 20) REQUIRE(pool_stats().in_use == in_use);
  }
  CHECK(kept > 0);
  CHECK(bptt.steps() == 4);
  CHECK(late < early / 4);
}

TEST_CASE("A stream resumes from a file bit for bit, and restart begins another one") {
  const TempFolder folder;
  const Model m("lstm");
  Truncated whole{{.k1 = 2, .k2 = 5}}, second{{.k1 = 2, .k2 = 5}};
  const Array first = m.window(whole, 0, 2).grads.flat();
  m.window(whole, 2, 4);
  m.window(whole, 4, 6);
  save(folder / "run", whole);
  load(folder / "run", second);
  CHECK(test::same_bits(m.window(whole, 6, 8).grads.flat(), m.window(second, 6, 8).grads.flat()));
  whole.restart();
  CHECK(whole.steps() == 0);
  CHECK(test::same_bits(m.window(whole, 0, 2).grads.flat(), first));
  Truncated other{{.k1 = 2, .k2 = 6}};
  CHECK(contains(message_of<FileError>([&] { load(folder / "run", other); }), "'truncated, k1 2 k2 5' in the file"));
}

TEST_CASE("A failed window can be retried, and calls out of order are rejected") {
  const Model m("lstm");
  CHECK(contains(message_of<ValueError>([] { Truncated({.k1 = 3, .k2 = 2}); }), "k1 is 3 and k2 is 2"));
  CHECK_THROWS_AS(Truncated({.k1 = 0, .k2 = 2}), ValueError);
  Truncated bptt{{.k1 = 2, .k2 = 3}};
  CHECK(contains(message_of<ValueError>([&] { bptt.advance(Result{}); }), "advance was called without push"));
  CHECK(contains(message_of<ShapeError>([&] { bptt.push(m.x.range(0, 3)); }), "k1 = 2, but got [3, 18, 3]"));
  bptt.push(m.x.range(0, 2));
  CHECK(contains(message_of<ValueError>([&] { bptt.push(m.x.range(0, 2)); }), "twice"));
  CHECK(
      contains(message_of<ValueError>([&] { bptt.advance(Result{}); }), "truncated"));  // it does not contain the state
  const auto run = [&] {
    return backward(m.w, {.rows = B, .dtype = f64}, [&](Shard& s) {
      return s.sum(sum(bptt.fresh(bptt.unroll(*m.cell, s.sequence(bptt.inputs()), s)), Axes{0, 2}));
    });
  };
  const Result once = run(), again = run();
  CHECK(test::same_bits(once.grads.flat(), again.grads.flat()));
  bptt.advance(again);
  CHECK(contains(message_of<ShapeError>([&] { bptt.push(uniform({2, B, I + 1}, Key{1}, 0, 1)); }), "[2, 18, 4]"));
  CHECK(contains(message_of<ShapeError>([&] { bptt.push(Tokens({2, B})); }), "[2, 18]"));
  CHECK(bptt.steps() == 1);
}

}  // namespace truncated_training_test
