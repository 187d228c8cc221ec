#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/decoding/beam_search.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/reduce.hpp>
#include <limits>

#include "arrays.hpp"
#include "catch.hpp"

namespace beam_search_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

constexpr int V = 3, H = 4, B = 3, longest = 4, end = 2;

/// A small decoder with random weights, large enough that its choices differ between rows.
struct Decoder {
  Params w{{.seed = 6, .dtype = f64}};
  Embedding emb{w / "emb", V, H};
  CellPtr cell = make_cell("lstm", w / "cell", {H, H});
  Linear out{w / "out", H, V};

  Decoder() {
    Edit change = w.edit();
    for (int k = 0; k < w.count(); ++k)
      change[w[k]].assign(normal(w[k].shape(), Key{9}.named(w[k].name()), 0, 1.2, f64));
  }
  BeamStep step(const BeamBatch& b) const {
    const State s = cell->step(emb(b.tokens), b.state, StepContext());
    return {log_softmax(out(s[0])), s};
  }
  State start(int first_row = 0, int rows = B) const {
    State s = cell->initial_state(rows);
    for (int k = 0; k < 2; ++k)
      s[k] = constant(
          normal({B, H}, Key{2}.at(static_cast<std::uint64_t>(k)), 0, 1, f64).range(first_row, first_row + rows));
    return s;
  }
  std::vector<std::vector<BeamHypothesis>> search(const BeamOptions& o) const {
    return beam_search(start(), Tokens({B}), [&](const BeamBatch& b) { return step(b); }, o);
  }
};

BeamOptions options(int width, int best, double penalty = 0) {
  return {.end = end, .longest = longest, .width = width, .best = best, .length_penalty = penalty};
}

/// Every sequence with its probability, by exhaustive enumeration.
void every_sequence(const Decoder& d, const State& s, int last, std::vector<int> tokens, double log_p, double penalty,
                    std::vector<BeamHypothesis>& all) {
  const auto add = [&](double p, bool ended) {
    all.push_back({tokens, p, p / std::pow((5 + static_cast<double>(tokens.size()) + ended) / 6, penalty), ended});
  };
  if (tokens.size() == longest) return add(log_p, false);
  const BeamStep next = d.step({0, Tokens({1}, {last}), Tokens({1}), s});
  const Array l = next.log_probabilities.value();
  add(log_p + l.at({0, end}), true);
  for (int k = 0; k < V; ++k) {
    if (k == end) continue;
    tokens.push_back(k);
    every_sequence(d, next.state, k, tokens, log_p + l.at({0, k}), penalty, all);
    tokens.pop_back();
  }
}

}  // namespace

TEST_CASE("A sufficiently wide beam gives every sequence with its probability, in the order of an exhaustive search") {
  const Decoder d;
  Tape tape{{.dtype = f64}};
  for (const double penalty : {0., .7}) {
    const auto found = d.search(options(1000, 1000, penalty));
    for (int b = 0; b < B; ++b) {
      std::vector<BeamHypothesis> all;
      every_sequence(d, d.start(b, 1), 0, {}, 0, penalty, all);
      std::sort(all.begin(), all.end(), [](const auto& x, const auto& y) { return x.score > y.score; });
      const auto& row = found[static_cast<std::size_t>(b)];
      REQUIRE(row.size() == all.size());
      for (std::size_t k = 0; k < row.size(); ++k) {
        CHECK(row[k].tokens == all[k].tokens);
        CHECK(row[k].ended == all[k].ended);
        CHECK(row[k].log_probability == Approx(all[k].log_probability).epsilon(1e-13));
        CHECK(row[k].score == Approx(all[k].score).epsilon(1e-13));
      }
      CHECK(d.search(options(1000, 1, penalty))[static_cast<std::size_t>(b)][0].tokens ==
            all[0].tokens);  // which may stop early
    }
  }
}

TEST_CASE("A beam of width one is greedy decoding") {
  const Decoder d;
  Tape tape{{.dtype = f64}};
  const auto found = d.search(options(1, 1));
  for (int b = 0; b < B; ++b) {
    BeamBatch at{0, Tokens({1}), Tokens({1}), d.start(b, 1)};
    std::vector<int> tokens;
    double log_p = 0;
    bool ended = false;
    while (!ended && tokens.size() < longest) {
      const BeamStep next = d.step(at);
      const int k = argmax(next.log_probabilities).data()[0];
      log_p += next.log_probabilities.value().at({0, k});
      at = {0, Tokens({1}, {k}), Tokens({1}), next.state};
      ended = k == end;
      if (!ended) tokens.push_back(k);
    }
    const BeamHypothesis& h = found[static_cast<std::size_t>(b)][0];
    CHECK(h.tokens == tokens);
    CHECK(h.ended == ended);
    CHECK(h.log_probability == Approx(log_p).epsilon(1e-13));
  }
}

TEST_CASE("A row's hypotheses do not depend on other rows, and the step receives the row") {
  const Decoder d;
  Tape tape{{.dtype = f64}};
  const auto together = d.search(options(3, 2));
  for (int b = 0; b < B; ++b) {
    const auto alone = beam_search(
        d.start(b, 1), Tokens({1}),
        [&](const BeamBatch& x) {
          for (int i = 0; i < x.rows.dim(0); ++i) CHECK(x.rows.data()[i] == 0);
          return d.step(x);
        },
        options(3, 2))[0];
    const auto& row = together[static_cast<std::size_t>(b)];
    REQUIRE(row.size() == alone.size());
    for (std::size_t k = 0; k < row.size(); ++k) {
      CHECK(row[k].tokens == alone[k].tokens);
      CHECK(row[k].log_probability == alone[k].log_probability);  // the same bits
    }
  }
}

TEST_CASE(
    "A beam of width two finds a sequence that greedy decoding misses, and a length penalty favours longer sequences") {
  const double third = std::log(1. / 3), never = -std::numeric_limits<double>::infinity();
  Tape tape{{.dtype = f64}};
  // First 0, 1 or the end with these probabilities. After 0 each is a third; after 1 the end is certain.
  const auto search = [&](std::initializer_list<double> first, int width, double penalty) {
    const double* p = first.begin();
    const Array table = Array::from(
        {3, 3}, {std::log(p[0]), std::log(p[1]), std::log(p[2]), third, third, third, never, never, 0}, f64);
    return beam_search(State(), Tokens({1}),
                       [&](const BeamBatch& b) {
                         Tokens row = b.tokens.copy();
                         for (int i = 0; i < row.dim(0); ++i) row.data()[i] = b.time == 0 ? 0 : 1 + b.tokens.data()[i];
                         return BeamStep{gather(constant(table), row), State()};
                       },
                       {.end = 2, .longest = 2, .width = width, .length_penalty = penalty})[0][0];
  };
  CHECK(search({.4, .35, .25}, 1, 0).tokens == std::vector<int>{0, 0});
  const BeamHypothesis best = search({.4, .35, .25}, 2, 0);
  CHECK(best.tokens == std::vector<int>{1});
  CHECK(best.ended);
  CHECK(best.log_probability == Approx(std::log(.35)));
  CHECK(search({.25, .35, .4}, 2, 0).tokens.empty());
  const BeamHypothesis longer = search({.25, .35, .4}, 2, 1);
  CHECK(longer.tokens == std::vector<int>{1});
  CHECK(longer.score == Approx(std::log(.35) / (7. / 6)));
}

TEST_CASE("A beam search records nothing") {
  const Decoder d;
  Tape tape{{.dtype = f64}};
  d.search(options(3, 1));
  const auto nodes = tape.stats().nodes;
  d.search(options(3, 1));
  CHECK(tape.stats().nodes == nodes);
}

TEST_CASE("Beam search rejects invalid arguments and names them") {
  const Decoder d;
  Tape tape{{.dtype = f64}};
  const auto step = [&](const BeamBatch& b) { return d.step(b); };
  CHECK_THROWS_AS(beam_search(d.start(), Tokens({B}), step, {.end = end, .width = 0}), ValueError);
  CHECK_THROWS_AS(beam_search(d.start(), Tokens({B}), step, {.end = end, .length_penalty = -1}), ValueError);
  CHECK(contains(message_of<ValueError>([&] { beam_search(d.start(), Tokens({B}), step, {.end = 3}); }),
                 "the end token 3"));
  CHECK(contains(message_of<ShapeError>([&] { beam_search(d.start(), Tokens({2}), step, {.end = end}); }),
                 "expected 2 rows"));
  CHECK(contains(message_of<ShapeError>([&] {
                   beam_search(State(), Tokens({B}), [](const BeamBatch&) { return BeamStep{zeros({1, V}), State()}; },
                               {.end = end});
                 }),
                 "for 3 hypotheses"));
  CHECK(contains(message_of<ValueError>([&] {
                   beam_search(State(), Tokens({1}),
                               [](const BeamBatch&) { return BeamStep{full({1, V}, 2), State()}; }, {.end = end});
                 }),
                 "log-probability 2"));
}

}  // namespace beam_search_test
