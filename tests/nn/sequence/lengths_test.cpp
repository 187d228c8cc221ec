#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/sequence/bidirectional.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace lengths_test {

using namespace ebb;

namespace {

constexpr int T = 7, B = 20, I = 3, H = 4;

struct Model {
  Params w{{.seed = 3, .dtype = f64}};
  CellPtr there = make_stack("lstm", w / "there", {I, H}, 2), back = make_cell("gru", w / "back", {I, H});
  Array x = normal({T, B, I}, Key{1}, 0, 1, f64);
  Lengths lengths = integers({B}, Key{2}, 1, T + 1);
};

/// Row r alone, without padding: [length, 1, I].
Array alone(const Model& m, int r) {
  const int n = m.lengths.data()[r];
  Array x = Array::empty({n, 1, I}, f64);
  for (int t = 0; t < n; ++t) x[t].assign(m.x[t].range(r, r + 1));
  return x;
}

}  // namespace

TEST_CASE("Padded sequences have the bits of each sequence alone, in both directions, for any padding") {
  Model m;
  for (int r = 0; r < B; ++r)
    for (int t = m.lengths.data()[r]; t < T; ++t)
      for (int i = 0; i < I; ++i) m.x.set_flat((std::int64_t{t} * B + r) * I + i, 1e3 * (r + t));
  Tape tape{{.dtype = f64}};
  const Bidirectional all = bidirectional(*m.there, *m.back, constant(m.x), m.lengths, StepContext());
  const Run run = unroll(*m.there, constant(m.x), m.lengths, StepContext());
  for (int r = 0; r < B; ++r) {
    CAPTURE(r);
    const int n = m.lengths.data()[r];
    const Bidirectional one = bidirectional(*m.there, *m.back, constant(alone(m, r)), StepContext());
    for (int t = 0; t < n; ++t) CHECK(test::same_bits(all.all[t].value().range(r, r + 1), one.all[t].value()));
    CHECK(test::same_bits(run.end()["1/c"].value().range(r, r + 1), one.forward["1/c"].value()));
    CHECK(test::same_bits(run.last().value().range(r, r + 1), one.forward["2/h"].value()));
    CHECK(test::same_bits(all.backward["h"].value().range(r, r + 1), one.backward["h"].value()));
  }
}

TEST_CASE("Weight gradients of padded sequences are sums over the sequences, and the padding has none") {
  const Model m;
  const auto loss = [&](Shard& s) {
    const Bidirectional run = bidirectional(*m.there, *m.back, s.sequence(m.x), s.rows(m.lengths), s.context());
    return s.mean_tokens(sum(square(run.all.all()), -1), m.lengths);
  };
  double tokens = 0;
  for (int r = 0; r < B; ++r) tokens += m.lengths.data()[r];
  Array wanted = Array::zeros(m.w.flat().shape(), f64);
  for (int r = 0; r < B; ++r) {
    const Array x = alone(m, r);
    const Result one = backward(m.w, {.rows = 1, .dtype = f64}, [&](Shard& s) {
      return s.sum(sum(square(bidirectional(*m.there, *m.back, s.sequence(x), s.context()).all.all())));
    });
    wanted = wanted + one.grads.flat() * (1 / tokens);
  }
  for (const int shards : {1, 0, 7, B})
    CHECK(test::error_of(backward(m.w, {.rows = B, .dtype = f64, .shards = shards}, loss).grads.flat(), wanted) <
          1e-12);

  Tape tape{{.dtype = f64}};
  const Var x = variable(m.x);
  const Grads g = tape.backward(sum(square(unroll(*m.there, x, m.lengths, StepContext()).last())));
  for (int r = 0; r < B; ++r)
    for (int t = 0; t < T; ++t) {
      const bool padding = t >= m.lengths.data()[r];
      CHECK((g[x].at({t, r, 0}) == 0) == padding);
    }
}

TEST_CASE("Invalid lengths are rejected, naming the row") {
  Model m;
  Tape tape{{.dtype = f64}};
  const Sequence x = constant(m.x);
  using test::contains;
  using test::message_of;
  CHECK(contains(message_of<ShapeError>([&] { unroll(*m.back, x, Lengths({3}), StepContext()); }), "[3]"));
  CHECK(contains(message_of<ValueError>([&] {
                   backward(m.w, {.rows = B, .dtype = f64}, [&](Shard& s) {
                     return s.mean_tokens(
                         sum(unroll(*m.back, s.sequence(m.x), s.rows(Lengths({B})), s.context()).all(), -1),
                         Lengths({B}));
                   });
                 }),
                 "every length is zero"));
  m.lengths.data()[4] = T + 1;
  CHECK(contains(message_of<ValueError>([&] { unroll(*m.back, x, m.lengths, StepContext()); }), "row 4"));
}

}  // namespace lengths_test
