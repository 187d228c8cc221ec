#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/linalg.hpp>
#include <ebb/ops/random.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace eigenvalues_test {

using namespace ebb;

TEST_CASE("With signed eigenvalues minGRU computes the parity of a thousand bits, with positive ones it forgets") {
  constexpr int T = 1000;
  for (const bool flips : {true, false}) {
    CAPTURE(flips);
    Params w{{.dtype = f64}};
    const CellPtr cell = make_cell(flips ? "mingru:eigenvalues=signed" : "mingru", w / "", {1, 1});
    test::set(w, "W", Array::from({1, 2}, {2000, 0}, f64));    // z = 1000 for a one, -1000 for a zero
    test::set(w, "b", Array::from({2}, {-1000, -2000}, f64));  // g(n) = 0
    Array bits = Array::zeros({T, 1, 1}, f64);
    double parity = 1;
    for (int t = 0; t < T; ++t) {
      const bool one = Key{7}.below(2, static_cast<std::uint64_t>(t)) == 1;
      bits.set_flat(t, one);
      if (one) parity = -parity;
    }
    Tape tape{{.dtype = f64}};
    State start = cell->initial_state(1);
    start[0] = constant(Array::full({1, 1}, 1, f64));
    CHECK(unroll(*cell, Sequence(constant(bits)), start, StepContext{}).last().item() == (flips ? parity : 0));
  }
}

TEST_CASE("The LRU's eigenvalues begin in the given ring, and its input is scaled for a state of unit variance") {
  Params w{{.seed = 3, .dtype = f64}};
  constexpr int H = 64;
  const CellPtr cell = make_cell("lru:r_min=.8,r_max=.95", w / "", {2, H});
  const Tape tape{{.dtype = f64}};
  const Array J =
      step_jacobian(*cell, constant(Array::zeros({1, 2}, f64)), cell->initial_state(1), StepContext().at_time(0));
  const auto [re, im] = eigenvalues(J);
  double least = 1, largest = 0;
  for (int k = 0; k < 2 * H; ++k) {
    const double modulus = std::hypot(re.at({0, k}), im.at({0, k}));
    least = std::min(least, modulus);
    largest = std::max(largest, modulus);
  }
  CHECK(least >= .8);
  CHECK(least < .82);
  CHECK(largest <= .95);
  CHECK(largest > .94);
  for (int k = 0; k < H; ++k) {
    const double modulus = std::exp(-std::exp(w.find("nu").value().at({k})));
    CHECK(std::exp(2 * w.find("gamma").value().at({k})) == Approx(1 - modulus * modulus));
  }
}

TEST_CASE("With signed eigenvalues the real LRU has negative ones, with positive ones it has none") {
  for (const bool flips : {true, false}) {
    Params w{{.seed = 3, .dtype = f64}};
    const CellPtr cell = make_cell(flips ? "lru-real" : "lru-real:eigenvalues=positive", w / "", {2, 64});
    const Tape tape{{.dtype = f64}};
    const Array J =
        step_jacobian(*cell, constant(Array::zeros({1, 2}, f64)), cell->initial_state(1), StepContext().at_time(0));
    double least = 1;
    for (int k = 0; k < 64; ++k) least = std::min(least, J.at({0, k, k}));
    CHECK((least < -.5) == flips);
    CHECK(least > (flips ? -1 : 0));
  }
}

TEST_CASE("The initial matrix of np-RNN is symmetric and positive definite with largest eigenvalue one") {
  Params w{{.dtype = f64}};
  make_cell("np-rnn", w / "", {2, 30});
  const Array U = w.find("U").value();
  for (int i = 0; i < 30; ++i)
    for (int j = 0; j < i; ++j) CHECK(U.at({i, j}) == Approx(U.at({j, i})).epsilon(1e-13));
  const auto [re, im] = eigenvalues(U);
  CHECK(re.at({0}) == Approx(1).epsilon(1e-12));
  CHECK(re.at({29}) > .1);
}

}  // namespace eigenvalues_test
