#include <ebb/autograd/gradcheck.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/recurrent_dropout.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/nn/sequence/word_dropout.hpp>
#include <ebb/ops/error.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace recurrent_dropout_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

constexpr int I = 3, H = 200;
StepContext training() { return StepContext({.training = true, .seed = 3, .update = 8}); }

}  // namespace

TEST_CASE("Recurrent dropout drops additions to the state, not the state itself") {
  for (const char* name : {"lstm", "lstm-peephole", "lstm-layernorm", "cifg", "gru", "gru-course"}) {
    CAPTURE(name);
    Params w{{.seed = 2, .dtype = f64}};
    const CellPtr plain = make_cell(name, w / "rnn", {I, H});
    const RecurrentDropout dropped(plain, .25);
    Tape tape{{.dtype = f64}};
    const Var x = constant(normal({1, I}, Key{1}, 0, 1, f64));
    const State start = plain->initial_state(1);
    const int c = start.size() - 1;  // of an LSTM, or h of a GRU; from a zero state it is only what the step adds
    const Array full = plain->step(x, start, training())[c].value(),
                some = dropped.step(x, start, training())[c].value();
    int zero = 0;
    for (int k = 0; k < H; ++k) {
      zero += some.at_flat(k) == 0;
      if (some.at_flat(k) != 0) CHECK(some.at_flat(k) == Approx(full.at_flat(k) / .75));
    }
    CHECK(zero > 30);
    CHECK(zero < 75);
    CHECK(test::same_bits(dropped.step(x, start, StepContext())[c].value(), full));
  }
}

TEST_CASE("Recurrent dropout differentiates twice, in shards and in stacks") {
  for (const char* name : {"lstm", "gru", "gru-course"}) {
    Params w{{.seed = 2, .dtype = f64}};
    const CellPtr cell(new RecurrentDropout(make_stack(name, w / "rnn", {I, 4}, 2), .3));
    const Array x = normal({4, 20, I}, Key{5}, 0, 1, f64);
    const auto loss = [&](Shard& s) {
      return s.mean_rows(sum(square(unroll(*cell, s.sequence(x), s.context()).last()), -1));
    };
    const GradcheckReport r = gradcheck(w, {.rows = 20, .dtype = f64}, loss, {.order = 2, .most_elements = 10});
    INFO(name << "\n" << r);
    CHECK(r.ok());
    const Result one = backward(w, {.rows = 20, .dtype = f64, .shards = 1}, loss),
                 many = backward(w, {.rows = 20, .dtype = f64, .shards = 5}, loss);
    CHECK(test::error_of(one.grads.flat(), many.grads.flat()) < 1e-12);
  }
}

TEST_CASE("Recurrent dropout of a cell without support for it is rejected") {
  Params w;
  const CellPtr cell = make_cell("cornn", w / "rnn", {I, 4});
  const std::string why = message_of<ValueError>([&] { RecurrentDropout(cell, .25); });
  CHECK(contains(why, "cell cornn does not support dropout of its candidate"));
  CHECK(contains(why, "`State step(const Var& x, const State& s, const Drop& d) const`"));
  CHECK_THROWS_AS(RecurrentDropout(make_cell("lstm", w / "lstm", {I, 4}), 1), ValueError);
}

TEST_CASE("Word dropout replaces tokens at its rate, by row and time, and only in training") {
  Tape tape;
  const Tokens words = integers({50, 40}, Key{1}, 1, 30);
  const Tokens some = word_dropout(words, .2, 0, training());
  int replaced = 0;
  for (int k = 0; k < 2000; ++k) {
    replaced += some.data()[k] == 0;
    CHECK((some.data()[k] == 0 || some.data()[k] == words.data()[k]));
  }
  CHECK(replaced > 330);
  CHECK(replaced < 470);
  const Tokens third = word_dropout(words[3], .2, 0, training().at_time(3));
  CHECK(std::equal(third.data(), third.data() + 40, some[3].data()));
  CHECK(word_dropout(words, .2, 0, StepContext()).data() == words.data());
  CHECK_THROWS_AS(word_dropout(words, 1.2, 0, training()), ValueError);
  CHECK_THROWS_AS(word_dropout(Tokens({2, 2, 2}), .2, 0, training()), ShapeError);
}

TEST_CASE("A given table of embeddings is trained or frozen") {
  Params w{{.dtype = f64}};
  const Array table = Array::from({3, 2}, {1, 2, 3, 4, 5, 6}, f64);
  const Embedding tuned(w / "tuned", table), frozen(w / "frozen", table, Embedding::Table::frozen);
  Tape tape{{.dtype = f64}};
  const Tokens words({2}, {2, 0});
  const Grads g = tape.backward(sum(tuned(words) * 2 + frozen(words)));
  CHECK(g[tuned.W].at({2, 1}) == 2);
  CHECK(g[tuned.W].at({1, 1}) == 0);
  CHECK(g[frozen.W].at({2, 1}) == 0);
  CHECK_FALSE(frozen.W.trained());
  CHECK(frozen(words).value().at({0, 1}) == 6);
  CHECK_THROWS_AS(Embedding(w / "flat", Array::zeros({3}, f64)), ShapeError);
}

}  // namespace recurrent_dropout_test
