#include <cmath>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/observe/gradient_norms.hpp>
#include <ebb/observe/product_norms.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/linalg.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/parallel.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace product_norms_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

constexpr int I = 2, H = 4;

Array inputs(int T, int B) { return normal({T, B, I}, Key{1}.named("x"), 0, 1, f64); }

CellPtr linear(Params& w, const Array& U) {
  const CellPtr cell = make_cell("rnn:activation=linear", w / "linear", {I, U.dim(0)});
  test::set(w, "linear/U", U);
  return cell;
}

Array diagonal(const std::vector<double>& u) {
  const int n = static_cast<int>(u.size());
  Array U = Array::zeros({n, n}, f64);
  for (int k = 0; k < n; ++k) U.set_flat(k * n + k, u[static_cast<std::size_t>(k)]);
  return U;
}

}  // namespace

TEST_CASE("Products of a diagonal cell have the norms of its units' powers, however far from 1") {
  const std::vector<double> u{.3, -.7, .2};
  Params w{{.dtype = f64}};
  const ProductNorms map =
      product_norms(*linear(w, diagonal(u)), Drive::held(Array::zeros({2, I}, f64), 1200), {}, {.every = 100});
  REQUIRE(map.times.size() == 13);
  CHECK((map.times.front() == 0 && map.times.back() == 1200));
  for (int i = 0; i < 13; ++i)
    for (int k = 0; k < 13; ++k)
      for (int b = 0; b < 2; ++b) {
        const int lag = 100 * (i - k);
        if (lag < 0) {
          CHECK(std::isnan(map.log_spectral.at({i, k, b})));
          continue;
        }
        CHECK(map.log_spectral.at({i, k, b}) == Approx(lag * std::log(.7)).epsilon(1e-12).margin(1e-12));
        CHECK(map.log_frobenius.at({i, k, b}) == Approx(lag ? lag * std::log(.7) : std::log(3) / 2).epsilon(1e-12));
      }
  CHECK_FALSE(map.error);
}

TEST_CASE("Products of an LSTM have the norms of the multiplied Jacobians, in each row") {
  Params w{{.dtype = f32}};
  const CellPtr cell = make_cell("lstm", w / "cell", {I, H});
  const int T = 6, B = 2;
  const ProductNorms map = product_norms(*cell, inputs(T, B));
  REQUIRE(map.times.size() == 7);
  std::vector<Array> J;
  for (Trajectory s(*cell, inputs(T, B)); !s.ended(); s.advance()) J.push_back(s.jacobian());
  for (int k = 0; k < T; ++k) {
    Array product = J[static_cast<std::size_t>(k)];
    for (int i = k + 1; i <= T; ++i) {
      if (i > k + 1) product = matmul(J[static_cast<std::size_t>(i - 1)], product);
      const Array sigma = singular_values(product);
      for (int b = 0; b < B; ++b) {
        double squares = 0;
        for (int j = 0; j < 2 * H; ++j) squares += std::pow(sigma.at({b, j}), 2);
        CHECK(map.log_spectral.at({i, k, b}) == Approx(std::log(sigma.at({b, 0}))).margin(1e-12));
        CHECK(map.log_frobenius.at({i, k, b}) == Approx(std::log(squares) / 2).margin(1e-12));
      }
    }
  }
}

TEST_CASE("The spectral norm bounds how far a gradient shrinks") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("gru", w / "cell", {I, H});
  const int T = 12;
  const Array x = inputs(T, 2);
  const ProductNorms map = product_norms(*cell, x);
  const Array norms = gradient_norms(*cell, x, [](const Var& y, int) { return sum(square(y)); });
  for (int lag = 1; lag <= T; ++lag)
    for (int b = 0; b < 2; ++b)
      CHECK(norms.at({lag, b}) - norms.at({0, b}) <= map.log_spectral.at({T, T - lag, b}) + 1e-12);
}

TEST_CASE("By products alone, the spectral norm agrees with the exact one, and the Frobenius norm within its error") {
  Params w{{.dtype = f64}};
  for (const char* name : {"rnn", "lstm"}) {
    INFO(name);
    const CellPtr cell = make_cell(name, w / name, {I, 8});
    const Array x = inputs(24, 2);
    const ProductNorms exact = product_norms(*cell, x, {}, {.every = 4});
    const ProductNorms drawn = product_norms(*cell, x, {}, {.every = 4, .probes = 40, .iterations = 30});
    REQUIRE(drawn.times == exact.times);
    double worst = 0, chi = 0, count = 0;
    for (int i = 0; i < 7; ++i)
      for (int k = 0; k <= i; ++k)
        for (int b = 0; b < 2; ++b) {
          const double gap = exact.log_spectral.at({i, k, b}) - drawn.log_spectral.at({i, k, b});
          CHECK(gap > -1e-10);  // a lower bound
          worst = std::max(worst, gap);
          chi += std::pow(
              (exact.log_frobenius.at({i, k, b}) - drawn.log_frobenius.at({i, k, b})) / drawn.error.at({i, k, b}), 2);
          count += 1;
        }
    CHECK(worst < .01);
    CHECK(std::sqrt(chi / count) < 2);
    CHECK(std::sqrt(chi / count) > .3);
  }
}

TEST_CASE("By products alone, an orthogonal matrix has spectral norm 1 after any number of iterations") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("rnn:activation=linear,recurrent=orthogonal", w / "cell", {I, 16});
  const ProductNorms map = product_norms(*cell, Drive::held(Array::zeros({1, I}, f64), 600), {},
                                         {.every = 200, .probes = 3, .iterations = 1});
  for (int i = 0; i < 4; ++i)
    for (int k = 0; k <= i; ++k) CHECK(std::abs(map.log_spectral.at({i, k, 0})) < 1e-10);
}

TEST_CASE("A product that is exactly zero has the logarithm -inf") {
  Params w{{.dtype = f64}};
  Array U = Array::zeros({3, 3}, f64);
  U.set_flat(1, 1);
  U.set_flat(5, 1);  // a shift: its third power is zero
  const CellPtr cell = linear(w, U);
  const Drive free = Drive::held(Array::zeros({1, I}, f64), 5);
  for (const int probes : {0, 4}) {
    const ProductNorms map = product_norms(*cell, free, {}, {.every = 1, .probes = probes});
    CHECK(map.log_spectral.at({3, 1, 0}) == Approx(0).margin(1e-12));
    for (const int i : {3, 4, 5}) {
      CHECK((std::isinf(map.log_spectral.at({i, 0, 0})) && map.log_spectral.at({i, 0, 0}) < 0));
      CHECK((std::isinf(map.log_frobenius.at({i, 0, 0})) && map.log_frobenius.at({i, 0, 0}) < 0));
    }
  }
}

TEST_CASE("Product norms are the same to the bit for any number of threads") {
  const int before = threads();
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("lstm", w / "cell", {I, 12});
  for (const int probes : {0, 3}) {
    const auto run = [&](int n) {
      set_threads(n);
      const ProductNorms map = product_norms(*cell, inputs(10, 2), {}, {.probes = probes, .iterations = 2});
      std::vector<double> numbers;
      for (int b = 0; b < 2; ++b)
        numbers.insert(numbers.end(), {map.log_spectral.at({6, 1, b}), map.log_frobenius.at({6, 1, b})});
      return numbers;
    };
    const auto one = run(1);
    CHECK(run(2) == one);
    CHECK(run(3) == one);
  }
  set_threads(before);
}

TEST_CASE("Options of product norms out of range are rejected") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("rnn", w / "cell", {I, H});
  CHECK_THROWS_WITH(product_norms(*cell, inputs(5, 1), {}, {.every = 6}),
                    Contains("product_norms: points every 6 steps, of 5"));
  CHECK_THROWS_WITH(product_norms(*cell, inputs(5, 1), {}, {.probes = -1}), Contains("the number of probes is -1"));
  CHECK_THROWS_WITH(product_norms(*cell, inputs(5, 1), {}, {.iterations = 0}), Contains("at least one iteration"));
  const ProductNorms map = product_norms(*cell, inputs(5, 1), {}, {.spectral = false});
  CHECK_FALSE(map.log_spectral);
}

}  // namespace product_norms_test
