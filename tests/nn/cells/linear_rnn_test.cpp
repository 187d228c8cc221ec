#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/reduce.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace linear_rnn_test {

using namespace ebb;

TEST_CASE("In a linear network of one unit d x_t / d w is t x0 w^(t-1)") {
  const double x0 = .7;
  for (const double weight : {.5, .99, -1.1, 1.3}) {
    for (const int t : {1, 2, 7, 50}) {
      Params w{{.dtype = f64}};
      const CellPtr cell = make_cell("rnn:activation=linear", w / "", {1, 1});
      test::set(w, "U", Array::full({1, 1}, weight, f64));
      test::set(w, "b", Array::zeros({1}, f64));
      Tape tape{{.dtype = f64}};
      State start = cell->initial_state(1);
      start[0] = constant(Array::full({1, 1}, x0, f64));
      const Run run = unroll(*cell, Sequence(zeros({t, 1, 1})), start, StepContext{});
      const double got = tape.backward(sum(run.last()))[w.find("U")].item();
      CAPTURE(weight, t);
      CHECK(got == Approx(t * x0 * std::pow(weight, t - 1)).epsilon(1e-12));
    }
  }
}

TEST_CASE("A linear network with an orthogonal recurrent matrix preserves the norms of state and gradient") {
  constexpr int T = 200, B = 3, H = 16;
  Params w{{.seed = 5, .dtype = f64}};
  const CellPtr cell = make_cell("rnn:activation=linear,recurrent=orthogonal", w / "", {2, H});
  test::set(w, "b", Array::zeros({H}, f64));
  const auto norm = [](const Array& a) { return std::sqrt(sum_of_squares(a)); };
  Tape tape{{.dtype = f64}};
  State start = cell->initial_state(B);
  start[0] = constant(uniform({B, H}, Key{1}, -1, 1, f64));
  const double first = norm(start[0].value());
  const Run run = unroll(*cell, Sequence(zeros({T, B, 2})), start, StepContext{});
  const std::vector<Var> h = run.states("h");
  for (const Var& v : h) retain(v);
  const Array v = uniform({B, H}, Key{2}, -1, 1, f64);
  const Grads g = tape.backward(sum(run.last() * constant(v)));
  for (int t = 0; t < T; ++t) {
    CAPTURE(t);
    REQUIRE(norm(h[std::size_t(t)].value()) == Approx(first).epsilon(1e-10));
    REQUIRE(norm(g[h[std::size_t(t)]]) == Approx(norm(v)).epsilon(1e-10));
  }
}

}  // namespace linear_rnn_test
