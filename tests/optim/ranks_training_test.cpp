#include <ebb/autograd/shards.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/sequence/bidirectional.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/nn/sequence/packing.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/optim/adam.hpp>
#include <ebb/optim/clip.hpp>
#include <ebb/ranks/thread_ranks.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"
#include "of_ranks.hpp"
#include "thread_scope.hpp"

namespace ranks_training_test {

using namespace ebb;

namespace {

constexpr int T = 9, B = 37, V = 15, E = 6, H = 8;

struct Network {
  virtual ~Network() = default;
  virtual PartialLoss loss(Shard& s, const Tokens& words, const Lengths& lengths) const = 0;
};

CellPtr dropping(CellPtr cell) { return CellPtr(new DropoutCell(cell, {.input = .2, .state = .2})); }

/// One cell, with dropout of its inputs where it has no state to drop; the class of the last step.
struct OneCell final : Network {
  Embedding emb;
  CellPtr cell;
  Linear out;
  OneCell(Params& w, const char* name)
      : emb(w / "emb", V, E), cell(make_cell(name, w / "cell", {E, H})), out(w / "out", H, V) {
    cell = cell->drops().state ? dropping(cell) : CellPtr(new DropoutCell(cell, {.input = .2}));
  }
  PartialLoss loss(Shard& s, const Tokens& words, const Lengths&) const override {
    const Tokens w = s.sequence(words);
    const Run run = unroll(*cell, emb(w), s.context());
    return s.mean_rows(cross_entropy(out(run.last()), w[0]));
  }
};

/// Two bidirectional layers of GRUs over sequences of different lengths, packed.
struct TwoWays final : Network {
  Embedding emb;
  CellPtr f1, b1, f2, b2;
  Linear out;
  explicit TwoWays(Params& w)
      : emb(w / "emb", V, E), f1(dropping(make_cell("gru", w / "f1", {E, H}))),
        b1(dropping(make_cell("gru", w / "b1", {E, H}))), f2(dropping(make_cell("gru", w / "f2", {2 * H, H}))),
        b2(dropping(make_cell("gru", w / "b2", {2 * H, H}))), out(w / "out", 2 * H, V) {}
  PartialLoss loss(Shard& s, const Tokens& words, const Lengths& lengths) const override {
    const Tokens w = s.sequence(words);
    const Packed x = pack(emb(w), s.rows(lengths));
    const Packed y = bidirectional(*f1, *b1, x, s.context("1")).all;
    const Packed z = bidirectional(*f2, *b2, y, s.context("2")).all;
    return s.mean_tokens(cross_entropy(out(z.all), pack(w, x.packing)), lengths);
  }
};

std::unique_ptr<Network> network(const std::string& name, Params& w) {
  if (name == "two ways") return std::make_unique<TwoWays>(w);
  return std::make_unique<OneCell>(w, name.c_str());
}

/// The weights after some updates, by a process of its own or one of several.
Array trained(const std::string& name, Ranks* ranks) {
  Params w{{.seed = 5}};
  const auto net = network(name, w);
  Adam adam{w, {.lr = 1e-2}};
  for (std::uint64_t u = 0; u < 5; ++u) {
    const Tokens words = integers({T, B}, Key{1}.at(u), 0, V);
    const Lengths lengths = integers({B}, Key{2}.at(u), 1, T + 1);
    Result r = backward(w, {.rows = B, .update = u, .seed = 9, .shards = 8, .ranks = ranks},
                        [&](Shard& s) { return net->loss(s, words, lengths); });
    clip_by_norm(r.grads, .1);
    adam.step(r.grads);
  }
  return w.flat().copy();
}

}  // namespace

TEST_CASE("Training has the same bits for any number of ranks and threads", "[shards]") {
  const test::ThreadScope scope;
  for (const std::string name : {"lstm", "minlstm", "two ways"}) {
    set_threads(1);
    const Array one = trained(name, nullptr);
    for (const int size : {1, 2, 3, 4})
      for (const int team : {1, 2}) {
        CAPTURE(name, size, team);
        set_threads(team);
        for (const Array& weights : test::of_ranks(size, [&](Ranks* ranks) { return trained(name, ranks); }))
          CHECK(test::same_bits(weights, one));
      }
  }
}

}  // namespace ranks_training_test
