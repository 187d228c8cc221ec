#include <cmath>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/observe/gradient_noise.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace gradient_noise_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

constexpr int N = 5;
const double deviations[N] = {1, 2, .5, 0, 3}, means[N] = {.5, -1, 2, 1, 0};

/// Gradients with known mean and covariance, [n, N].
Array noisy_gradients(int n, std::uint64_t seed) {
  Array g = normal({n, N}, Key{seed}, 0, 1, f64);
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < N; ++k) g.set_flat(i * N + k, means[k] + deviations[k] * g.at({i, k}));
  return g;
}

double squares_of(const double (&x)[N]) {
  double sum = 0;
  for (double v : x) sum += v * v;
  return sum;
}

}  // namespace

TEST_CASE("The noise scale of gradients with known mean and covariance is found within its error") {
  const double squares = squares_of(means), trace = squares_of(deviations);
  const GradientNoise g = gradient_noise(noisy_gradients(4000, 1));
  CHECK(std::abs(g.squares.value - squares) < 3 * g.squares.error);
  CHECK(std::abs(g.trace.value - trace) < 3 * g.trace.error);
  CHECK(std::abs(g.scale.value - trace / squares) < 3 * g.scale.error);
  CHECK(g.scale.error < .05 * g.scale.value);
  CHECK(g.groups == 4000);
}

TEST_CASE("The estimates are unbiased for few rows, and their errors are those of repeated draws") {
  const int repeats = 1000, n = 20;
  double mean[2] = {0, 0}, squares[2] = {0, 0}, errors[2] = {0, 0};
  for (int r = 0; r < repeats; ++r) {
    const GradientNoise g = gradient_noise(noisy_gradients(n, 100 + static_cast<std::uint64_t>(r)));
    const Estimate both[2] = {g.squares, g.trace};
    for (int k = 0; k < 2; ++k) {
      mean[k] += both[k].value / repeats;
      squares[k] += both[k].value * both[k].value / repeats;
      errors[k] += both[k].error * both[k].error / repeats;
    }
  }
  const double truth[2] = {squares_of(means), squares_of(deviations)};
  for (int k = 0; k < 2; ++k) {
    const double variance = squares[k] - mean[k] * mean[k];
    CHECK(std::abs(mean[k] - truth[k]) < 4 * std::sqrt(variance / repeats));
    CHECK(std::sqrt(errors[k] / variance) == Approx(1).margin(.15));  // the jackknife's is too large for few groups
  }
}

TEST_CASE("The two-batch-size estimators agree with the variance within a batch, and need three updates") {
  const Array g = noisy_gradients(64, 7);
  const GradientNoise inside = gradient_noise(g);
  GradientNoiseMeter meter(1, 64);
  double small = 0;
  for (int i = 0; i < 64; ++i) small += sum_of_squares(g[i]) / 64;
  meter.update(small, sum_of_squares(mean(g, {0})));
  CHECK_THROWS_WITH(meter.result(), Contains("1 gradients"));
  for (int k = 0; k < 2; ++k) meter.update(small, sum_of_squares(mean(g, {0})));
  CHECK(meter.result().scale.value == Approx(inside.scale.value).epsilon(1e-12));
  CHECK(meter.result().trace.value == Approx(inside.trace.value).epsilon(1e-12));
  CHECK(meter.result().scale.error < 1e-9);
  CHECK_THROWS_AS(GradientNoiseMeter(8, 8), ValueError);
}

TEST_CASE("Gradients of a batch's rows give its gradient as their mean, also with transforms") {
  const int B = 12, I = 2, H = 3;
  Params w;
  const CellPtr cell = make_cell("exprnn", w / "cell", {I, H});
  const Array x = normal({4, B, I}, Key{1}, 0, 1, f64), y = normal({B, H}, Key{2}, 0, 1, f64);
  const ShardLoss loss = [&](Shard& s) {
    return s.mean_rows(squared_error(unroll(*cell, s.sequence(x), s.context()).last(), s.rows(y)));
  };
  const GradientNoise one = gradient_noise(w, {.rows = B}, loss), three = gradient_noise(w, {.rows = B}, loss, 3);
  CHECK(one.groups == B);
  CHECK(three.groups == B / 3);
  const Result whole = backward(w, {.rows = B, .dtype = f64}, loss);
  const double squares = sum_of_squares(whole.grads.flat());
  CHECK(one.squares.value + one.trace.value / B == Approx(squares).epsilon(1e-12));
  CHECK(three.squares.value + three.trace.value / B == Approx(squares).epsilon(1e-12));
  CHECK_THROWS_WITH(gradient_noise(w, {.rows = B}, loss, 5), Contains("5 rows"));
  CHECK_THROWS_WITH(gradient_noise(w, {.rows = B}, loss, 6), Contains("at least three"));
}

TEST_CASE("Where noise hides the gradient the scale is NaN, not a negative number") {
  Array g = Array::zeros({4, 1}, f64);
  for (int i = 0; i < 4; ++i) g.set_flat(i, i % 2 ? 1 : -1);
  const GradientNoise noise = gradient_noise(g);
  CHECK(noise.squares.value < 0);
  CHECK(std::isnan(noise.scale.value));
  CHECK(noise.trace.value == Approx(4. / 3));
}

}  // namespace gradient_noise_test
