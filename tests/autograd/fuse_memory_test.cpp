// Memory of a fused op: the values that its backward reads, stored in place of dying operands.
#include <ebb/autograd/fuse.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/ops/random.hpp>

#include "catch.hpp"

namespace fuse_memory_test {

using namespace ebb;

namespace {

constexpr auto lstm = [](auto i, auto f, auto g, auto o, auto c) {
  auto c1 = sigmoid(f) * c + sigmoid(i) * tanh(g);
  return std::pair{c1, sigmoid(o) * tanh(c1)};
};
constexpr auto gru = [](auto xr, auto xz, auto xn, auto hr, auto hz, auto hn, auto b, auto h) {
  auto r = sigmoid(xr + hr);
  auto z = sigmoid(xz + hz);
  auto n = tanh(xn + r * (hn + b));
  return (1 - z) * n + z * h;
};

/// Kept values per row, step and hidden unit, over T steps of a cell.
template <class Step> double kept_by(Step step, int gates = 4) {
  constexpr int T = 20, B = 16, H = 64;
  Tape tape;
  const Var x = constant(normal({B, H}, Key{1}, 0, 1)), Wh = variable(normal({H, gates * H}, Key{2}, 0, .1));
  Var h = constant(Array::zeros({B, H}, f32)), c = h;
  step(x, Wh, h, c);
  const auto before = tape.stats().kept_bytes;
  for (int t = 0; t < T; ++t) step(x, Wh, h, c);
  return static_cast<double>(tape.stats().kept_bytes - before) / (4.0 * T * B * H);
}

void lstm_step(const Var& x, const Var& Wh, Var& h, Var& c) {
  auto [c1, h1] = fuse(lstm, split<4>(matmul(x, Wh) + matmul(h, Wh)), c);
  c = c1;
  h = h1;
}

}  // namespace

TEST_CASE("a fused LSTM step keeps six values per row and hidden unit") {
  CHECK(kept_by(lstm_step) <= 6.05);
  CHECK(kept_by(lstm_step) >= 5.9);  // four activations, c and h
}

TEST_CASE("a fused LSTM step keeps no more if its pre-activations have names") {
  CHECK(kept_by([](const Var& x, const Var& Wh, Var& h, Var& c) {
          auto [i, f, g, o] = split<4>(matmul(x, Wh) + matmul(h, Wh));
          auto [c1, h1] = fuse(lstm, i, f, g, o, c);
          c = c1;
          h = h1;
        }) <= 6.05);
}

TEST_CASE("a fused GRU step keeps five values") {
  CHECK(kept_by(
            [](const Var& x, const Var& Wh, Var& h, Var&) {
              h = fuse(gru, split<3>(matmul(x, Wh) + 0.0), split<3>(matmul(h, Wh)), slice(Wh[0], 0, 0, 64), h);
            },
            3) <= 5.05);
}

TEST_CASE("values kept by a fused op are freed as the sweep passes") {
  Tape tape;
  const Var x = variable(normal({64, 64}, Key{1}, 0, 1));
  const auto before = tape.stats().kept_bytes;
  Var h = x;
  for (int k = 0; k < 50; ++k) h = fuse([](auto a, auto b) { return tanh(a) * sigmoid(b); }, h * .5, h * 2);
  CHECK(tape.stats().kept_bytes - before > 90 * 64 * 64 * 4);
  const Grads g = tape.backward(sum(h));
  CHECK(tape.stats().kept_bytes - before < 8 * 64 * 64 * 4);
}

TEST_CASE("a fused op does not overwrite values that are still referenced") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::full({4, 8}, 2, f64));
  Var pre = x + 1;
  const Array held = (x + 5).value();
  Var blocks = pre * 1;
  auto [a, b] = split<2>(blocks);
  const Var y = fuse([](auto a, auto b) { return tanh(a) * sigmoid(b); }, slice(pre, 1, 0, 4), slice(pre, 1, 4, 8));
  const Var z = fuse([](auto a, auto b) { return tanh(a) * sigmoid(b); }, static_cast<Var&&>(a), b);
  CHECK(pre.value().at({3, 7}) == 3);
  CHECK(held.at({0, 0}) == 7);
  CHECK(b.value().at({0, 0}) == 3);
  CHECK(blocks.value().at({0, 0}) == 3);
  CHECK(y.value().at({1, 1}) == z.value().at({1, 1}));
}

TEST_CASE("a fused op writes its result over a dying operand") {
  Tape tape;
  const Var x = variable(Array::full({256, 256}, 1, f32));
  NoGrad off;
  const auto before = tape.stats().kept_bytes;
  const Var y = fuse([](auto a, auto b) { return a * b; }, x + 1, x);
  CHECK(tape.stats().kept_bytes - before <= 256 * 256 * 4 + 4096);
}

}  // namespace fuse_memory_test
