#include <ebb/autograd/shards.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace shards_test {

using namespace ebb;

namespace {

// A product that does not fit at the third step.
struct ShardMisfit {
  Param W;
  ShardMisfit(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s, const StepContext& at) const {
    return {tanh(matmul(at.time() == 2 ? s.h : x, W) + s.h)};
  }
};
EBB_CELL_NAMED(shard_misfit, "test-shard-misfit", ShardMisfit, "a product that does not fit at step 2");

constexpr int T = 9, V = 11, E = 6, H = 10;

/// A language model: embedding, LSTM, untied output layer, cross entropy.
struct Model {
  Params w{{.seed = 8, .dtype = f64}};
  Embedding emb{w / "emb", V, E};
  CellPtr cell = make_cell("lstm", w / "lstm", {E, H});
  Linear out{w / "out", H, V};

  Result run(int rows, int shards, bool with_lengths) const {
    const Tokens tokens = integers({T, rows}, Key{1}, 0, V), next = integers({T, rows}, Key{2}, 0, V);
    const Lengths lengths = integers({rows}, Key{3}, 1, T + 1);
    return backward(w, {.rows = rows, .dtype = f64, .shards = shards}, [&](Shard& s) {
      const Run run = unroll(*cell, emb(s.sequence(tokens)), s.context());
      const Var loss = cross_entropy(out(run.all()), s.sequence(next));
      s.out("end", run.end());
      s.retain("h", run.states("h"));
      s.count("rows", s.rows());
      return with_lengths ? s.mean_tokens(loss, lengths) : s.mean_tokens(loss);
    });
  }
};

struct Threads {
  int before = threads();
  ~Threads() { set_threads(before); }
};

}  // namespace

TEST_CASE("A sharded language model has the loss and the gradients of the unsharded one", "[shards]") {
  const Model m;
  for (const int rows : {1, 7, 20, 31, 33})
    for (const bool with_lengths : {false, true}) {
      CAPTURE(rows, with_lengths, shard_count(rows));
      const Result one = m.run(rows, 1, with_lengths), many = m.run(rows, 0, with_lengths);
      CHECK(many.loss == Approx(one.loss).epsilon(1e-12));
      CHECK(test::error_of(many.grads.flat(), one.grads.flat()) <= 1e-12);
      CHECK(test::error_of(many.grad("h"), one.grad("h")) <= 1e-12);
      CHECK(test::same_bits(many.state("end")["h"],
                            one.state("end")["h"]));  // a row's result does not depend on its position
      CHECK(many.counts.at("rows") == rows);
      const Result each = m.run(rows, rows, with_lengths);
      CHECK(test::error_of(each.grads.flat(), one.grads.flat()) <= 1e-12);
    }
}

TEST_CASE("Gradients are the same bits for any number of threads", "[shards]") {
  const Model m;
  const Threads restore;
  set_threads(1);
  const Array wanted = m.run(33, 0, true).grads.flat().copy();
  for (const int n : {2, 3}) {
    set_threads(n);
    CAPTURE(n);
    CHECK(test::same_bits(m.run(33, 0, true).grads.flat(), wanted));
  }
}

TEST_CASE("Every shipped cell has the same gradients sharded and whole", "[shards]") {
  for (const char* name : {"rnn", "rnn:activation=relu", "lstm", "gru", "gru-course"}) {
    Params w{{.seed = 2, .dtype = f64}};
    const CellPtr cell = make_cell(name, w / "cell", {3, 7});
    const Array x = uniform({6, 20, 3}, Key{4}, -1, 1, f64), y = uniform({20, 7}, Key{5}, -1, 1, f64);
    const auto run = [&](int shards) {
      return backward(w, {.rows = 20, .dtype = f64, .shards = shards}, [&](Shard& s) {
        return s.mean_rows(squared_error(unroll(*cell, s.sequence(x), s.context()).last(), s.rows(y)));
      });
    };
    CAPTURE(name);
    CHECK(test::error_of(run(0).grads.flat(), run(1).grads.flat()) <= 1e-12);
  }
}

TEST_CASE("A shape error inside a shard is reported as outside shards, with the time step", "[shards]") {
  Params w;
  const CellPtr cell = make_cell("test-shard-misfit", w / "", {3, 4});
  const Array x = Array::zeros({3, 20, 3}, f64);
  const std::string message = test::message_of<Error>([&] {
    backward(w, {.rows = 20, .dtype = f64},
             [&](Shard& s) { return s.sum(unroll(*cell, s.sequence(x), s.context()).last()); });
  });
  INFO(message);
  CHECK(test::contains(message, "matmul"));
  CHECK(test::contains(message, "shards_test.cpp:"));
  CHECK(test::contains(message, "time step 2"));
}

}  // namespace shards_test
