#include <cmath>
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/nn/sequence/recurrent_dropout.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/nn/sequence/zoneout.hpp>
#include <ebb/ops/error.hpp>
#include <map>

#include "arrays.hpp"
#include "catch.hpp"

namespace drop_test {

using namespace ebb;

namespace {

constexpr int T = 4, B = 6, I = 3, H = 8;
constexpr double hardly = 1e-300;  // a rate at which nothing is dropped and the factors are one

Result result_of(Params& w, const Cell& cell) {
  const Array x = normal({T, B, I}, Key{5}, 0, 1, f64);
  return backward(w, {.rows = B, .dtype = f64},
                  [&](Shard& s) { return s.sum(sum(square(unroll(cell, s.sequence(x), s.context()).last()))); });
}
Array gradients(Params& w, const Cell& cell) { return result_of(w, cell).grads.flat(); }

/// The kinds of dropout that each shipped cell supports.
const std::map<std::string, const char*> shipped{
    {"rnn", "state"},           {"irnn", "state"},     {"exprnn", "state"},       {"antisymmetric", "state"},
    {"cornn", "state"},         {"lem", "state"},      {"janet", "state"},        {"fastgrnn", "state"},
    {"slstm", "state"},         {"lstm", "both"},      {"lstm-peephole", "both"}, {"lstm-layernorm", "both"},
    {"cifg", "both"},           {"gru", "both"},       {"gru-course", "both"},    {"mingru", "nothing"},
    {"minlstm", "nothing"},     {"indrnn", "nothing"}, {"minimalrnn", "state"},   {"mi-lstm", "both"},
    {"np-rnn", "state"},        {"sru", "nothing"},    {"lstm-greff", "state"},   {"unicornn", "nothing"},
    {"rhn", "state"},           {"qrnn", "nothing"},   {"clockwork", "state"},    {"lru", "nothing"},
    {"lmu", "state"},           {"mlstm", "nothing"},  {"lstm-fgr", "state"},     {"lru-real", "nothing"},
    {"lstm-original", "state"}, {"s4d", "nothing"}};

struct Leaky {
  Param W, U;
  Leaky(Builder p, CellSizes s)
      : W(p.matrix("W", s.input, s.hidden, xavier_uniform())), U(p.matrix("U", s.hidden, s.hidden, orthogonal())) {}
  Hidden step(const Var& x, const Hidden& s) const { return {.5 * s.h + matmul(x, W) + matmul(s.h, U)}; }
};
struct LeakyCandidate : Leaky {
  using Leaky::Leaky;
  using Leaky::step;
  Hidden step(const Var& x, const Hidden& s, const CandidateDrop& d) const {
    const Var n = matmul(x, W) + matmul(s.h, U);
    return {.5 * s.h + n * d.candidate(n)};
  }
};

template <class C> CellPtr made(Params& w, const char* scope) {
  return CellPtr(detail::make_adapter<C>(scope, w / scope, {I, H}));
}

}  // namespace

TEST_CASE("A cell declares the dropout it supports by the overloads of its step, and wrappers and stacks forward it") {
  for (const auto& [name, what] : shipped) {
    CAPTURE(name);
    Params w;
    const CellPtr cell = make_cell(name, w / "c", {I, H});
    const std::string can = what;
    CHECK(cell->drops().state == (can != "nothing"));
    CHECK(cell->drops().candidate == (can == "both"));
  }
  Params w;
  const CellPtr leaky = made<Leaky>(w, "leaky"), candidate = made<LeakyCandidate>(w, "candidate");
  CHECK_FALSE((leaky->drops().state || leaky->drops().candidate));
  CHECK_FALSE(candidate->drops().state);
  CHECK(candidate->drops().candidate);
  CHECK(Zoneout(candidate, .1).drops().candidate);
  const StackedCell stack({made<Leaky>(w, "1"), make_cell("rnn", w / "2", {H, H})});
  CHECK(stack.drops().state);
  CHECK_FALSE(stack.drops().candidate);
}

// The two overloads of a step have the same equations; this detects an edit of only one. The gradient of h is summed in
// a different order where h has an additional use.
TEST_CASE("With nothing dropped, the step with dropout has the bits of the plain one, and its gradients") {
  const auto check_same = [](const Result& dropped, const Result& plain) {
    CHECK(dropped.loss == plain.loss);
    CHECK(test::error_of(dropped.grads.flat(), plain.grads.flat()) < 1e-13);
  };
  for (const auto& [name, what] : shipped) {
    CAPTURE(name);
    Params w{{.seed = 4, .dtype = f64}};
    const CellPtr cell = make_cell(name, w / "rnn", {I, H});
    const Result plain = result_of(w, *cell);
    if (cell->drops().state) check_same(result_of(w, DropoutCell(cell, {.state = hardly})), plain);
    if (cell->drops().candidate) check_same(result_of(w, RecurrentDropout(cell, hardly)), plain);
  }
}

TEST_CASE("State and candidate are dropped together, for either order of the wrappers") {
  Params w{{.seed = 2, .dtype = f64}};
  const CellPtr gru = make_cell("gru", w / "rnn", {I, H});
  const Array alone = gradients(w, DropoutCell(gru, {.state = .4})),
              candidate = gradients(w, RecurrentDropout(gru, .4));
  const CellPtr inner(new RecurrentDropout(gru, .4)), outer(new DropoutCell(gru, {.state = .4}));
  const Array one = gradients(w, DropoutCell(inner, {.state = .4})), other = gradients(w, RecurrentDropout(outer, .4));
  CHECK(test::same_bits(one, other));
  CHECK_FALSE(test::same_bits(one, alone));
  CHECK_FALSE(test::same_bits(one, candidate));
}

TEST_CASE("A user's cell may support dropout of its candidate only") {
  Params w{{.seed = 2, .dtype = f64}};
  const RecurrentDropout dropped(made<LeakyCandidate>(w, "own"), .5);
  Tape tape{{.dtype = f64}};
  const Var x = constant(normal({40, I}, Key{1}, 0, 1, f64));
  const Array h = dropped.step(x, dropped.initial_state(40), StepContext({.training = true, .seed = 3}))[0].value();
  int zero = 0;
  for (int k = 0; k < 40 * H; ++k) zero += h.at_flat(k) == 0;
  CHECK(zero > 120);
  CHECK(zero < 200);
  CHECK_THROWS_AS(DropoutCell(made<LeakyCandidate>(w, "other"), {.state = .5}), ValueError);
}

TEST_CASE("fan_in_uniform fills +-1/sqrt(n)") {
  const Array a = initial_values(fan_in_uniform(16), {200, 20}, Key{1});
  double most = 0;
  for (int k = 0; k < 4000; ++k) most = std::max(most, std::abs(a.at_flat(k)));
  CHECK(most <= .25);
  CHECK(most > .249);
  CHECK(test::same_bits(a, initial_values(uniform_init(-.25, .25), {200, 20}, Key{1})));
}

}  // namespace drop_test
