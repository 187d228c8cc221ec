#include <ebb/autograd/shards.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/error.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace accumulation_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

struct Model {
  Params w{{.seed = 2, .dtype = f64}};
  Embedding emb{w / "emb", 5, 3};
  CellPtr cell = make_cell("lstm", w / "rnn", {3, 4});
  Linear out{w / "out", 4, 5};
};

}  // namespace

TEST_CASE("Gradients of small batches add up to those of the large one", "[shards]") {
  const Model m;
  constexpr int T = 5, B = 24;
  const Tokens x = integers({T, B}, Key{1}, 0, 5), y = integers({T, B}, Key{2}, 0, 5);
  const auto part = [&](int first, int last) {
    Tokens of_x({T, last - first}), of_y({T, last - first});
    for (int t = 0; t < T; ++t)
      for (int b = first; b < last; ++b) {
        of_x.data()[t * (last - first) + b - first] = x.at({t, b});
        of_y.data()[t * (last - first) + b - first] = y.at({t, b});
      }
    return backward(m.w, {.rows = last - first, .dtype = f64}, [&](Shard& s) {
      const Run run = unroll(*m.cell, m.emb(s.sequence(of_x)), s.context());
      return s.mean_tokens(cross_entropy(m.out(run.all()), s.sequence(of_y)));
    });
  };
  const Result whole = part(0, B);
  Grads total;
  double loss = 0;
  int first = 0;
  for (const int rows : {6, 1, 9, 8}) {  // weight each batch's mean by its fraction of the rows
    const Result r = part(first, first + rows);
    const Array of_one = r.grads.flat().copy();
    total.add(r.grads, static_cast<double>(rows) / B);
    loss += r.loss * rows / B;
    CHECK(test::same_bits(r.grads.flat(), of_one));
    first += rows;
  }
  CHECK(loss == Approx(whole.loss).epsilon(1e-13));
  CHECK(test::error_of(total.flat(), whole.grads.flat()) < 1e-12);
}

TEST_CASE("Adding gradients does not change copies of them, and gradients of other parameters are rejected") {
  Params w{{.dtype = f64}};
  (w / "").vector("a", 2);
  Grads g;
  g.flat_of(w, f64).fill(1);
  Grads total = g;
  total.add(g, 2);
  CHECK(g.flat().at_flat(0) == 1);
  CHECK(total.flat().at_flat(0) == 3);
  (w / "").vector("late", 40);
  Grads later;
  later.flat_of(w, f64).fill(1);
  CHECK(contains(message_of<ValueError>([&] { total.add(later); }), "added between"));
  CHECK(total.flat().at_flat(0) == 3);
}

}  // namespace accumulation_test
