#include <ebb/autograd/gradcheck.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/bidirectional.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/nn/sequence/zoneout.hpp>
#include <ebb/ops/error.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace packing_test {

using namespace ebb;

namespace {

constexpr int T = 6, B = 17, I = 3, H = 4;

std::vector<int> numbers(const Tokens& t) { return {t.data(), t.data() + t.size()}; }

struct Model {
  explicit Model(const char* name = "lstm")
      : f(make_cell(name, w / "f", {I, H})), b(make_cell(name, w / "b", {I, H})), out(w / "out", 2 * H, 2) {}
  Params w{{.seed = 3, .dtype = f64}};
  CellPtr f, b;
  Linear out;
  Array x = normal({T, B, I}, Key{1}, 0, 1, f64);
  Lengths lengths = integers({B}, Key{2}, 0, T + 1);  // some are empty
};

}  // namespace

TEST_CASE("A packing has the rows that have not ended at each time, longest first, and nothing else") {
  const Packing p(Lengths({4}, {2, 3, 0, 2}), 5);
  CHECK(p.steps() == 3);
  CHECK(p.padded_steps() == 5);
  CHECK(p.size() == 7);
  CHECK(numbers(p.order()) == std::vector{1, 0, 3, 2});
  CHECK(numbers(p.places()) == std::vector{1, 0, 3, 2});
  CHECK(numbers(p.index()) == std::vector{1, 0, 3, 5, 4, 7, 9});
  CHECK(p.alive(0) == 3);
  CHECK(p.alive(2) == 1);
  CHECK(p.alive(3) == 0);

  Tape tape{{.dtype = f64}};
  const Array x = normal({5, 4, 2}, Key{1}, 0, 1, f64);
  const Array back = unpack(pack(constant(x), Lengths({4}, {2, 3, 0, 2}))).all().value();
  for (int t = 0; t < 5; ++t)
    for (int r = 0; r < 4; ++r)
      CHECK(back.at({t, r, 1}) == (t < std::vector{2, 3, 0, 2}[static_cast<std::size_t>(r)] ? x.at({t, r, 1}) : 0));
}

TEST_CASE("Steps do not compute padding") {
  Model m;
  Tape tape{{.dtype = f64}};
  const Packed x = pack(constant(m.x), m.lengths);
  const Run run = unroll(*m.f, x, StepContext());
  int real = 0;
  for (int r = 0; r < B; ++r) real += m.lengths.data()[r];
  CHECK(run.packed().all.dim(0) == real);
  for (int t = 0; t < T; ++t) {
    int alive = 0;
    for (int r = 0; r < B; ++r) alive += m.lengths.data()[r] > t;
    CHECK(x.packing.alive(t) == alive);
  }
}

TEST_CASE("Longer padding changes no bit of loss or gradients, in any number of shards") {
  const Model m;
  Array longer = Array::full({T + 3, B, I}, 7, f64);
  longer.range(0, T).assign(m.x);
  const auto loss = [&](const Array& x) {
    return [&m, &x](Shard& s) {
      const auto run =
          bidirectional(*m.f, *m.b, dropout(pack(s.sequence(x), s.rows(m.lengths)), .3, s.context("in")), s.context());
      return s.mean_tokens(sum(square(m.out(run.all.all)), -1), m.lengths);
    };
  };
  for (const int shards : {1, 2}) {
    const Result a = backward(m.w, {.rows = B, .update = 4, .dtype = f64, .shards = shards}, loss(m.x));
    const Result b = backward(m.w, {.rows = B, .update = 4, .dtype = f64, .shards = shards}, loss(longer));
    CHECK(a.loss == b.loss);
    CHECK(test::same_bits(a.grads.flat(), b.grads.flat()));
  }
}

TEST_CASE("Noise is a function of the row, independent of its packed position") {
  const Model m;
  const CellPtr noisy(
      new DropoutCell(CellPtr(new Zoneout(m.f, .4)), {.input = .3, .state = .3, .per_sequence = false}));
  Lengths full({B});
  for (int r = 0; r < B; ++r) full.data()[r] = T;
  const StepContext training({.training = true, .seed = 3, .update = 8, .first_row = 5});
  Tape tape{{.dtype = f64}};
  const Run plain = unroll(*noisy, constant(m.x), training),
            sorted = unroll(*noisy, constant(m.x), m.lengths, training);
  CHECK(test::same_bits(unroll(*noisy, constant(m.x), full, training).all().value(), plain.all().value()));
  const Array dropped = dropout(Sequence(constant(m.x)), .5, training).all().value();
  const Array packed = unpack(dropout(pack(constant(m.x), m.lengths), .5, training)).all().value();
  for (int r = 0; r < B; ++r)
    for (int t = 0; t < m.lengths.data()[r]; ++t) {
      CHECK(test::same_bits(plain[t].value().range(r, r + 1), sorted[t].value().range(r, r + 1)));
      CHECK(test::same_bits(dropped[t].range(r, r + 1), packed[t].range(r, r + 1)));
    }
}

TEST_CASE(
    "States of packed runs are those of each row, ended rows keep their last, and a given initial state is indexed by "
    "row") {
  const Model m;
  Tape tape{{.dtype = f64}};
  State start = m.f->initial_state(B);
  for (int k = 0; k < 2; ++k) start[k] = constant(normal({B, H}, Key{9}.at(static_cast<std::uint64_t>(k)), 0, 1, f64));
  const Run run = unroll(*m.f, constant(m.x), start, m.lengths, StepContext());
  const std::vector<Var> c = run.states("c");
  REQUIRE(c.size() == T);
  for (int r = 0; r < B; ++r) {
    CAPTURE(r);
    const int n = m.lengths.data()[r];
    if (n == 0) {
      CHECK(test::same_bits(run.end()["c"].value().range(r, r + 1), start["c"].value().range(r, r + 1)));
      CHECK(run.last().value().at({r, 0}) == 0);
      continue;
    }
    State own = start;
    for (int k = 0; k < 2; ++k) own[k] = range(start[k], r, r + 1);
    Array x = Array::empty({n, 1, I}, f64);
    for (int t = 0; t < n; ++t) x[t].assign(m.x[t].range(r, r + 1));
    const std::vector<Var> alone = unroll(*m.f, constant(x), own, StepContext()).states("c");
    for (int t = 0; t < T; ++t)
      CHECK(test::same_bits(c[static_cast<std::size_t>(t)].value().range(r, r + 1),
                            alone[static_cast<std::size_t>(std::min(t, n - 1))].value()));
    CHECK(test::same_bits(run.end()["c"].value().range(r, r + 1), alone.back().value()));
  }
}

TEST_CASE("Packed bidirectional runs pass the gradient check to second order") {
  for (const char* cell : {"rnn", "lstm", "gru", "gru-course"}) {
    const Model m(cell);
    const GradcheckReport r = gradcheck(m.w, {.rows = B, .dtype = f64},
                                        [&](Shard& s) {
                                          const auto run =
                                              bidirectional(*m.f, *m.b, pack(s.sequence(m.x), s.rows(m.lengths)),
                                                            s.context(), Join::concatenate);
                                          return s.mean_tokens(sum(square(m.out(run.all.all)), -1), m.lengths) +
                                                 s.mean_rows(sum(square(run.backward[0]), -1));
                                        },
                                        {.order = 2, .most_elements = 12});
    INFO(cell << "\n" << r);
    CHECK(r.ok());
  }
}

TEST_CASE("A shard of only empty rows contributes nothing and causes no error") {
  const Model m("gru");
  Lengths few({B});
  few.data()[2] = 3;
  few.data()[4] = T;
  const auto loss = [&](Shard& s) {
    const Packed x = dropout(pack(s.sequence(m.x), s.rows(few)), .2, s.context("in"));
    const auto run = bidirectional(*m.f, *m.b, x, s.context());
    const Run again = unroll(*m.f, s.sequence(m.x), s.rows(few), s.context());
    return s.mean_tokens(cross_entropy(m.out(run.all.all), Tokens({run.all.packing.size()})), few) +
           s.mean_tokens(sum(square(again.all()), -1), few) +
           s.mean_rows(sum(again.last() + again.end()[0] + again.states("h")[5], -1));
  };
  const Result one = backward(m.w, {.rows = B, .dtype = f64, .shards = 1}, loss);
  for (const int shards : {2, 5, B}) {
    const Result many = backward(m.w, {.rows = B, .dtype = f64, .shards = shards}, loss);
    CHECK(many.loss == Approx(one.loss).epsilon(1e-13));
    CHECK(test::error_of(many.grads.flat(), one.grads.flat()) < 1e-12);
  }
}

TEST_CASE("Packing rejects invalid arguments, and a batch without any steps") {
  const Model m;
  Tape tape{{.dtype = f64}};
  const Sequence x = constant(m.x);
  using test::contains;
  using test::message_of;
  CHECK(contains(message_of<ShapeError>([&] { pack(x, Packing(m.lengths, T + 1)); }), "7 steps"));
  CHECK(contains(message_of<ValueError>([&] { Packing(Lengths({2}, {1, -1}), 3); }), "row 1"));
  CHECK(contains(message_of<ValueError>([&] { unroll(*m.f, x, StepContext()).packed(); }), "not packed"));
  const Packed wide{constant(Array::zeros({3, I}, f64)), Packing(m.lengths, T)};
  CHECK(contains(message_of<ShapeError>([&] { unroll(*m.f, wide, StepContext()); }), "[3, 3]"));
  CHECK(contains(message_of<ShapeError>([&] {
                   backward(m.w, {.rows = B, .dtype = f64},
                            [&](Shard& s) { return s.mean_tokens(constant(Array::zeros({2}, f64)), m.lengths); });
                 }),
                 "mean_tokens"));
}

}  // namespace packing_test
