#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/bidirectional.hpp>
#include <ebb/nn/sequence/drop_connect.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/observe/attribution.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <numeric>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace attribution_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

constexpr int T = 6, B = 3, I = 2, H = 4;

Array inputs() { return normal({T, B, I}, Key{1}.named("x"), 0, 1, f64); }

Var last_squares(const Cell& cell, const Array& x) {
  return mean(square(unroll(cell, constant(x), StepContext()).last()));
}

double sum_of(const Array& a) { return sum(a).item(); }

/// h' = tanh(x W + h U), in separate ops or fused.
template <bool fused> struct Twin {
  Param W, U;
  Twin(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)), U(p.matrix("U", s.hidden, s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s) const {
    if constexpr (fused)
      return {fuse([](auto a, auto b) { return tanh(a + b); }, matmul(x, W), matmul(s.h, transpose(U)))};
    return {tanh(matmul(x, W) + matmul(s.h, transpose(U)))};
  }
};
EBB_CELL_NAMED(twin_fused, "test-twin-fused", Twin<true>, "fused");
EBB_CELL_NAMED(twin_plain, "test-twin-plain", Twin<false>, "in separate ops");

}  // namespace

TEST_CASE("A gradient's parts by time step are those of the closed form for a linear scalar recurrence") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("rnn:activation=linear", w / "rnn", {1, 1});
  const double u = .8, v = 1.5;
  test::set(w, "rnn/U", Array::full({1, 1}, u, f64));
  test::set(w, "rnn/W", Array::full({1, 1}, v, f64));
  test::set(w, "rnn/b", Array::zeros({1}, f64));
  const Array x = normal({T, 1, 1}, Key{2}, 0, 1, f64);
  const GradientByTime g = gradient_by_time({w, [&] { return sum(unroll(*cell, constant(x), StepContext()).last()); }});
  REQUIRE(g.times == std::vector<int>{0, 1, 2, 3, 4, 5});
  CHECK(g.difference < 1e-14);
  double h = 0;
  for (int t = 0; t < T; ++t) {
    const double later = std::pow(u, T - 1 - t);
    CHECK(g.part(t, "rnn/W").item() == Approx(later * x.at_flat(t)).epsilon(1e-14));
    CHECK(g.part(t, "rnn/U").item() == Approx(later * h).epsilon(1e-14).margin(1e-16));
    CHECK(g.part(t, "rnn/b").item() == Approx(later).epsilon(1e-14));
    h = u * h + v * x.at_flat(t);
  }
  CHECK(g.loss == Approx(h));
  CHECK(sum_of(g.shares) == Approx(1).epsilon(1e-14));
  CHECK_THROWS_WITH(g.part(0, "rnn/V"), Contains("rnn/V"));
}

TEST_CASE("The parts sum to the gradient within 1e-12, for every cell, and each step has one") {
  for (const CellInfo& info : cell_list()) {
    if (info.name.rfind("test-", 0) == 0) continue;
    INFO(info.name);
    Params w;  // float32; the measure is in float64
    const CellPtr cell = make_cell(info.name, w / "cell", {I, H});
    const Array x = inputs();
    const GradientByTime g = gradient_by_time({w, [&] { return last_squares(*cell, x); }});
    CHECK(g.difference < 1e-12);
    if (g.whole.size() == 0) continue;
    CHECK(g.times.size() == T);
    if (largest_magnitude(g.whole) > 0) CHECK(sum_of(g.shares) == Approx(1));
    for (std::size_t k = 0; k < g.parameters.size(); ++k) {
      const Array part = g.part(2, g.parameters[k]);
      CHECK(g.norms.at({2, static_cast<int>(k)}) == Approx(norm_of(part)));
    }
  }
}

TEST_CASE("A gradient that is not a number has no shares") {
  Params w;
  const CellPtr cell = make_cell("rnn", w / "cell", {I, H});
  Edit(w).flat().set_flat(0, NAN);
  const Array x = inputs();
  const GradientByTime g = gradient_by_time({w, [&] { return last_squares(*cell, x); }});
  CHECK(std::isnan(sum_of(g.shares)));
}

TEST_CASE("A fused cell and the same cell in separate ops have the same parts") {
  GradientByTime g[2];
  for (int k = 0; k < 2; ++k) {
    Params w{{.dtype = f64}};
    const CellPtr cell = make_cell(k == 0 ? "test-twin-fused" : "test-twin-plain", w / "cell", {I, H});
    const Array x = inputs();
    g[k] = gradient_by_time({w, [&] { return last_squares(*cell, x); }});
  }
  CHECK(test::error_of(g[0].parts, g[1].parts) < 1e-14);
}

TEST_CASE("Parameters used outside time steps form the part of time -1, those used within a loop over steps do not") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("gru", w / "cell", {I, H});
  const Linear out(w / "out", H, 1);
  const Array x = inputs();
  const auto at_once = [&] { return mean(square(out(unroll(*cell, constant(x), StepContext()).all()))); };
  const auto in_loop = [&] {
    const Run run = unroll(*cell, constant(x), StepContext());
    Var loss = zeros({});
    for (int t : steps(T)) loss += mean(square(out(run[t]))) * (1. / T);
    return loss;
  };
  const GradientByTime outside = gradient_by_time({w, at_once}), within = gradient_by_time({w, in_loop});
  REQUIRE(outside.times == std::vector<int>{-1, 0, 1, 2, 3, 4, 5});
  REQUIRE(within.times == std::vector<int>{0, 1, 2, 3, 4, 5});
  CHECK(largest_magnitude(outside.part(0, "cell/Wx")) == 0);
  CHECK(largest_magnitude(outside.part(1, "out/W")) == 0);
  CHECK(largest_magnitude(within.part(3, "out/W")) > 0);
  CHECK(test::error_of(outside.whole, within.whole) < 1e-13);
  CHECK(test::error_of(outside.part(4, "cell/Wx"), within.part(3, "cell/Wx")) < 1e-13);
  CHECK(std::max(outside.difference, within.difference) < 1e-13);
}

TEST_CASE("Parts of several steps are sums of the parts of their steps") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("lstm", w / "cell", {I, H});
  const Array x = inputs();
  const Objective objective(w, [&] { return last_squares(*cell, x); });
  const GradientByTime one = gradient_by_time(objective), four = gradient_by_time(objective, {.every = 4});
  REQUIRE(four.times == std::vector<int>{0, 4});
  CHECK(test::error_of(four.parts[0], sum(one.parts.range(0, 4), {0})) < 1e-13);
  CHECK(test::error_of(four.parts[1], sum(one.parts.range(4, 6), {0})) < 1e-13);
  CHECK_THROWS_WITH(gradient_by_time(objective, {.every = 0}), Contains("0 steps"));
}

TEST_CASE("The loss of a batch, with transforms, masks, lengths and both directions, is split as well") {
  Params w;
  const CellPtr cell = make_cell("lstm", w / "forward", {I, H}), back = make_cell("rnn", w / "backward", {I, H});
  w.transform("forward/Wh", drop_connect(.5));
  const Array x = inputs();
  const Lengths lengths({B}, {T, 2, 4});
  const ShardLoss loss = [&](Shard& s) {
    const Sequence in = s.sequence(x);
    const Sequence y = bidirectional(*cell, *back, in, s.rows(lengths), s.context()).all;
    return s.mean_tokens(mean(square(y.all()), {-1}), lengths);
  };
  const ShardOptions o{.rows = B, .update = 3, .seed = 5};
  const GradientByTime g = gradient_by_time({w, o, loss});
  CHECK(g.times == std::vector<int>{0, 1, 2, 3, 4, 5});
  CHECK(g.difference < 1e-12);
  ShardOptions f64_options = o;
  f64_options.dtype = f64;
  const Result usual = backward(w, f64_options, loss);
  CHECK(g.loss == Approx(usual.loss));
  CHECK(test::error_of(sum(g.parts, {0}).range(0, H * 4),
                       usual.grads[w.find(g.parameters[0].c_str())].reshape({-1}).range(0, H * 4)) < 1e-12);
}

TEST_CASE("A loss that changes from call to call shows in the difference") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("rnn", w / "cell", {I, H});
  const Array x = inputs();
  int calls = 0;
  const GradientByTime g = gradient_by_time({w, [&] { return last_squares(*cell, x) * (1. + .01 * calls++); }});
  CHECK(g.difference > .005);
  CHECK_THROWS_WITH(gradient_by_time({w, [&] { return constant(x); }}), Contains("must have one element"));
}

TEST_CASE("The saliency of inputs is the gradient by finite differences, and its contributions sum to a linear loss") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("gru", w / "cell", {I, H});
  const Array x = inputs();
  const auto loss = [&](const Var& in) { return mean(square(unroll(*cell, in, StepContext()).last())); };
  const Saliency s = saliency(x, loss);
  const auto value = [&](const Array& at) { return saliency(at, loss).loss; };
  for (std::int64_t k = 0; k < x.size(); k += 5) {
    Array up = x.copy(), down = x.copy();
    up.set_flat(k, x.at_flat(k) + 1e-5);
    down.set_flat(k, x.at_flat(k) - 1e-5);
    CHECK(s.gradient.at_flat(k) == Approx((value(up) - value(down)) / 2e-5).epsilon(1e-6).margin(1e-9));
  }
  CHECK(s.norms.at({2, 1}) == Approx(norm_of(s.gradient[2][1])));

  const CellPtr linear = make_cell("rnn:activation=linear", w / "linear", {I, H});
  test::set(w, "linear/b", Array::zeros({H}, f64));
  const Saliency parts = saliency(x, [&](const Var& in) { return sum(unroll(*linear, in, StepContext()).last()); });
  CHECK(sum_of(parts.contributions) == Approx(parts.loss));
  CHECK_THROWS_WITH(saliency(x[0], loss), Contains("[steps, rows, width]"));
}

}  // namespace attribution_test
