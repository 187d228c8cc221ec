#include <cmath>
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/layers/skew.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/drop_connect.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace transform_test {

using namespace ebb;

namespace {

constexpr int T = 5, B = 20, I = 3, H = 6;

struct Model {
  explicit Model(const char* cell = "lstm") : rnn(make_cell(cell, w / "rnn", {I, H})) {}
  PartialLoss loss(Shard& s) const {
    return s.mean_rows(sum(square(unroll(*rnn, s.sequence(x), s.context()).last()), -1));
  }
  ShardLoss lambda() const {
    return [this](Shard& s) { return loss(s); };
  }
  Params w{{.seed = 3, .dtype = f64}};
  CellPtr rnn;
  Array x = normal({T, B, I}, Key{1}, 0, 1, f64);
};

}  // namespace

TEST_CASE(
    "A transform is evaluated once a backward, whatever the number of shards, and gradients flow back through it") {
  Model m;
  int calls = 0;
  m.w.find("rnn/Wh").transform([&](const Var& w) {
    ++calls;
    return tanh(w) * 2;
  });
  const Result whole = backward(m.w, {.rows = B, .dtype = f64, .shards = 1}, m.lambda());
  CHECK(calls == 1);
  for (const int shards : {2, 7, B})
    CHECK(test::error_of(backward(m.w, {.rows = B, .dtype = f64, .shards = shards}, m.lambda()).grads.flat(),
                         whole.grads.flat()) < 1e-12);
  CHECK(calls == 4);
  CHECK(evaluate(m.w, {.rows = B, .dtype = f64}, m.lambda()).loss == Approx(whole.loss));
  const GradcheckReport r = gradcheck(m.w, {.rows = B, .dtype = f64}, m.lambda(), {.order = 2, .most_elements = 20});
  INFO(r);
  CHECK(r.ok());
}

TEST_CASE(
    "A transformed parameter gives what the same weights without a transform give, and the chain rule its gradient") {
  Model free, plain;
  const Array raw = free.w.find("rnn/Wh").value().copy();
  free.w.find("rnn/Wh").transform([](const Var& w) { return w * w; });
  plain.w.edit()[plain.w.find("rnn/Wh")].assign(raw * raw);
  const Result a = backward(free.w, {.rows = B, .dtype = f64}, free.lambda()),
               b = backward(plain.w, {.rows = B, .dtype = f64}, plain.lambda());
  CHECK(a.loss == b.loss);
  CHECK(test::error_of(a.grads[free.w.find("rnn/Wh")], b.grads[plain.w.find("rnn/Wh")] * raw * 2) < 1e-14);
  CHECK(test::same_bits(a.grads[free.w.find("rnn/Wx")], b.grads[plain.w.find("rnn/Wx")]));
}

TEST_CASE("On a user's tape a transform is evaluated once, and again after an edit") {
  Model m;
  int calls = 0;
  const Leaf U = m.w.find("rnn/Wh");
  U.transform([&](const Var& w) {
    ++calls;
    return 3 * w;
  });
  Tape tape{{.dtype = f64}};
  {
    NoGrad off;
    CHECK(test::error_of(var_of(U).value(), U.value() * 3) == 0);
  }
  const Var run = unroll(*m.rnn, constant(m.x), StepContext()).last();
  CHECK(calls == 2);  // one without and one with a graph
  CHECK(tape.backward(sum(run))[U].size() == H * 4 * H);
  m.w.edit()[U].fill(1);
  CHECK(var_of(U).value().at_flat(0) == 3);
}

TEST_CASE("A transform may read other parameters, also transformed ones, and each receives its gradient") {
  Model m;
  const Param gain = (m.w / "norm").vector("gain", 4 * H, constant_init(.7)),
              half = (m.w / "norm").vector("half", 4 * H, constant_init(.2));
  half.transform([](const Var& v) { return v * v; });
  m.w.find("rnn/Wh").transform([=](const Var& v) { return v * gain + half; });
  m.w.transform("rnn/Wx", drop_connect(.2));
  const GradcheckReport r =
      gradcheck(m.w, {.rows = B, .update = 3, .dtype = f64}, m.lambda(), {.order = 2, .most_elements = 20});
  INFO(r);
  CHECK(r.ok());
  const Result whole = backward(m.w, {.rows = B, .dtype = f64, .training = false}, m.lambda());
  Tape tape{{.dtype = f64}};
  const Grads alone = tape.backward(mean(sum(square(unroll(*m.rnn, constant(m.x), StepContext()).last()), -1)));
  CHECK(test::error_of(whole.grads.flat(), alone.flat()) < 1e-12);
  CHECK(largest_magnitude(whole.grads[half]) > 1e-3);
}

TEST_CASE("A transformed parameter that outlives its Params is an error") {
  Param U;
  {
    Params w;
    U = (w / "rnn").matrix("U", 3, 3).as(skew_exp);
  }
  Tape tape;
  CHECK(test::contains(test::message_of<TapeError>([&] { var_of(U); }), "parameter rnn/U: its Params was destroyed"));
}

TEST_CASE("Transforms compose, are copied with the Params, and must keep the shape") {
  Params w{{.dtype = f64}};
  const Linear out(w / "out", 2, 2);
  w.transform("out/W", [](const Var& v) { return v + 1; });
  w.transform("*/W", [](const Var& v) { return 10 * v; });
  Tape tape{{.dtype = f64}};
  CHECK(test::error_of(var_of(out.W).value(), (out.W.value() + 1) * 10) == 0);
  const LeafSet copy = w.copy();
  CHECK(test::error_of(var_of(copy.find("out/W")).value(), (out.W.value() + 1) * 10) == 0);
  w.transform("out/b", [](const Var& v) { return sum(v); });
  CHECK(test::contains(test::message_of<ShapeError>([&] { var_of(out.b); }), "out/b"));
  CHECK(test::contains(test::message_of<ValueError>([&] { w.transform("out/w", [](const Var& v) { return v; }); }),
                       "did you mean 'out/W'"));
}

TEST_CASE("Weight drop has its rate, one mask for all shards, a new one per update, and none in evaluation") {
  Model m;
  m.w.transform("rnn/Wh", drop_connect(.5));
  const auto masks = [&](std::uint64_t update, int shards) {
    return backward(m.w, {.rows = B, .update = update, .dtype = f64, .shards = shards}, m.lambda());
  };
  const Result one = masks(1, 1), many = masks(1, 4), next = masks(2, 1);
  CHECK(one.loss == Approx(many.loss).epsilon(1e-13));
  CHECK(test::error_of(one.grads.flat(), many.grads.flat()) < 1e-12);
  CHECK(one.loss != next.loss);
  const Array g = one.grads[m.w.find("rnn/Wh")];
  int dropped = 0;
  for (int k = 0; k < g.size(); ++k) dropped += g.at_flat(k) == 0;
  CHECK(dropped > .35 * 4 * H * H);
  CHECK(dropped < .65 * 4 * H * H);
  Model plain;
  CHECK(evaluate(m.w, {.rows = B, .dtype = f64}, m.lambda()).loss ==
        evaluate(plain.w, {.rows = B, .dtype = f64}, plain.lambda()).loss);
  const GradcheckReport r =
      gradcheck(m.w, {.rows = B, .update = 1, .dtype = f64}, m.lambda(), {.order = 2, .most_elements = 20});
  INFO(r);
  CHECK(r.ok());
  CHECK_THROWS_AS(drop_connect(1), ValueError);
  CHECK_THROWS_AS(embedding_dropout(-.1), ValueError);
}

TEST_CASE("Embedding dropout drops whole words") {
  Params w{{.dtype = f64}};
  const Embedding words(w / "words", 200, 3);
  w.transform("words/W", embedding_dropout(.25));
  Tokens all({1, 200});
  for (int k = 0; k < 200; ++k) all.data()[k] = k;
  int dropped = 0;
  backward(w, {.rows = 200, .dtype = f64, .shards = 1}, [&](Shard& s) {
    const Array y = words(all).value(), W = words.W.value();
    for (int k = 0; k < 200; ++k) {
      const bool gone = y.at({0, k, 0}) == 0;
      dropped += gone;
      for (int j = 0; j < 3; ++j) CHECK(y.at({0, k, j}) == Approx(gone ? 0 : W.at({k, j}) / .75));
    }
    return s.sum(sum(words(all)));
  });
  CHECK(dropped > 30);
  CHECK(dropped < 70);
}

TEST_CASE("The exponential of a skew-symmetric matrix is orthogonal, in two dimensions a rotation") {
  Tape tape{{.dtype = f64, .order = 2}};
  const Array turn = skew_exp(constant(Array::from({2, 2}, {7, 2.5, -3, 5}, f64))).value();  // only the 2.5 matters
  CHECK(test::error_of(turn, Array::from({2, 2}, {std::cos(2.5), std::sin(2.5), -std::sin(2.5), std::cos(2.5)}, f64)) <
        1e-14);
  const Var q = skew_exp(constant(normal({30, 30}, Key{1}, 0, 2, f64)));
  Array one = Array::zeros({30, 30}, f64);
  for (int k = 0; k < 30; ++k) one.set_flat(k * 31, 1);
  CHECK(test::error_of(matmul(q, transpose(q)).value(), one) < 1e-12);
  const Array x = normal({4, 4}, Key{2}, 0, 1, f64);
  const Var inverse = matmul(matrix_exp(constant(x)), matrix_exp(constant(x * -1)));
  CHECK(test::error_of(inverse.value(), one.range(0, 4).column_block(0, 4)) < 1e-13);
  CHECK_THROWS_AS(skew_exp(constant(Array::zeros({2, 3}, f64))), ShapeError);
  const GradcheckReport r = gradcheck([](const std::vector<Var>& in) { return skew_exp(in[0]); }, {x}, {.order = 2});
  INFO(r);
  CHECK(r.ok());
}

}  // namespace transform_test
