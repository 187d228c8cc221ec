#include <cmath>
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/layers/attention.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/layers/tcn.hpp>
#include <ebb/nn/layers/transformer.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/optim/adam.hpp>

#include "catch.hpp"

namespace sequence_layers_test {

using namespace ebb;

namespace {

/// The adding problem: two of T random numbers are marked, one in each half; the last output is their sum. Always
/// predicting 1 costs 1/6.
struct Adding {
  static constexpr int T = 16, B = 48;
  Array x = uniform({T, B, 2}, Key{1}, 0, 1), y = Array::zeros({B, 1}, f32);

  explicit Adding(Key key) {
    x = uniform({T, B, 2}, key.named("x"), 0, 1);
    const Tokens first = integers({B}, key.named("first"), 0, T / 2),
                 second = integers({B}, key.named("second"), T / 2, T);
    for (int r = 0; r < B; ++r) {
      const auto at = [&](int t, int k) { return (std::int64_t{t} * B + r) * 2 + k; };
      for (int t = 0; t < T; ++t) x.set_flat(at(t, 1), 0);
      for (const int t : {first.data()[r], second.data()[r]}) {
        x.set_flat(at(t, 1), 1);
        y.set_flat(r, y.at_flat(r) + x.at_flat(at(t, 0)));
      }
    }
  }
};

/// The mean loss of the last updates of a training run.
template <class F> double trained(Params& w, int updates, double lr, F&& loss) {
  Adam adam(w, {.lr = lr});
  double last = 0;
  constexpr int seen = 20;
  for (int u = 0; u < updates; ++u) {
    const auto number = static_cast<std::uint64_t>(u);
    const Result r = loss(number);
    adam.step(r.grads);
    if (u >= updates - seen) last += r.loss / seen;
  }
  return last;
}

}  // namespace

TEST_CASE("A temporal convolutional network learns to add two of sixteen numbers", "[science]") {
  Params w{{.seed = 1}};
  const Tcn net(w / "net", 2, {16, 16, 16}, {.kernel = 3});
  const Linear out(w / "out", 16, 1);
  REQUIRE(net.reach() >= Adding::T);
  const double loss = trained(w, 2000, 1e-2, [&](std::uint64_t u) {
    const Adding d(Key{3}.at(u));
    return backward(w, {.rows = Adding::B, .update = u}, [&](Shard& s) {
      return s.mean_rows(squared_error(out(net(s.sequence(d.x), s.context())[Adding::T - 1]), s.rows(d.y)));
    });
  });
  CHECK(loss < .03);
}

TEST_CASE("A Transformer learns to repeat the token before last", "[science]") {
  constexpr int T = 12, B = 32, V = 6, D = 16;
  Params w{{.seed = 1}};
  const Embedding embedding(w / "embedding", V, D);
  const Transformer net(w / "net", {.width = D, .heads = 2, .layers = 1, .dropout = .05, .longest = T, .feed = 32});
  const Linear out(w / "out", D, V);
  const double loss = trained(w, 400, 5e-3, [&](std::uint64_t u) {
    const Tokens x = integers({T, B}, Key{5}.at(u), 0, V);
    return backward(w, {.rows = B, .update = u}, [&](Shard& s) {
      const Tokens tokens = s.sequence(x);
      const Var y = out(net(embedding(tokens), s.context()).all());
      return s.sum(cross_entropy(range(y, 2, T), tokens.range(0, T - 2))) * (1. / (B * (T - 2)));
    });
  });
  CHECK(loss < std::log(V) / 4);  // guessing costs ln 6 nats
}

TEST_CASE("Attention learns to attend to the mark", "[science]") {
  constexpr int T = 10, B = 32, A = 8;
  Params w{{.seed = 1}};
  const AdditiveAttention look(w / "look", 1, 2, A);
  double sharp = 0;
  const double loss = trained(w, 300, 2e-2, [&](std::uint64_t u) {
    Array x = uniform({T, B, 2}, Key{7}.at(u), 0, 1), y = Array::zeros({B, 1}, f32);
    const Lengths lengths = integers({B}, Key{8}.at(u), 1, T + 1);
    for (int r = 0; r < B; ++r) {
      const int marked = Key{9}.at(u).below(lengths.data()[r], static_cast<std::uint64_t>(r));
      for (int t = 0; t < T; ++t) x.set_flat((std::int64_t{t} * B + r) * 2 + 1, t == marked);
      y.set_flat(r, x.at({marked, r, 0}));
    }
    const Result r = backward(w, {.rows = B, .update = u}, [&](Shard& s) {
      const Var all = s.sequence(x).all(), numbers = slice(all, -1, 0, 1);
      const Attended a = look(full({s.rows(), 1}, 1), look.keys(all), numbers, s.rows(lengths));
      s.count("sharp", sum(amax(a.weights, -1)).item() / B);
      return s.mean_rows(squared_error(a.result, s.rows(y)));
    });
    sharp = r.counts.at("sharp");
    return r;
  });
  CHECK(loss < .01);  // always predicting the mean costs about 1/12
  CHECK(sharp > .8);
}

}  // namespace sequence_layers_test
