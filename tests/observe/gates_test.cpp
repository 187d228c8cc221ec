#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/autograd/watch.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/observe/gates.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace gates_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

constexpr int T = 12, B = 3, I = 2, H = 4;

Array inputs(DType dtype = f64) { return normal({T, B, I}, Key{1}.named("x"), 0, 1, dtype); }

const GateSummary& named(const std::vector<GateSummary>& all, const std::string& name) {
  for (const GateSummary& g : all)
    if (g.name == name) return g;
  throw ValueError("no value " + name);
}

/// Names its input, a vector of parameters, and in its output the state.
struct Recorder {
  Param a;
  Recorder(Builder p, CellSizes s) : a(p.vector("a", s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s) const {
    const Var seen = watch("x", x), kept = watch("a", sigmoid(a));
    return {kept * s.h + sum(seen, {1}, Keep::yes)};
  }
  Var output(const Var&, const Hidden& s) const { return watch("h", s.h); }
};
EBB_CELL_NAMED(test_recorder, "test-recorder", Recorder, "made by the tests: names its input, parameters and state");

struct Fused {
  Param W;
  Fused(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s) const {
    return {fuse([](auto a, auto h) { return watch("mine", sigmoid(a)) * h + a; }, matmul(x, W), s.h)};
  }
};
EBB_CELL_NAMED(test_fused_gate, "test-fused-gate", Fused, "made by the tests: names a gate in a fused lambda");

/// An LSTM whose gates are constants: weights zero, biases the logits of these values.
CellPtr constant_lstm(Params& w, double i, double f, double o) {
  const CellPtr cell = make_cell("lstm", w / "cell", {I, H});
  test::set(w, "cell/Wx", Array::zeros({I, 4 * H}, f64));
  test::set(w, "cell/Wh", Array::zeros({H, 4 * H}, f64));
  Array b = Array::zeros({4 * H}, f64);
  const double gate[] = {i, f, .5, o};
  for (int k = 0; k < 4 * H; ++k) b.set_flat(k, std::log(gate[k / H] / (1 - gate[k / H])));
  test::set(w, "cell/b", b);
  return cell;
}

}  // namespace

TEST_CASE("A gate held at f has the time scale -1 / ln f, and is saturated on its side") {
  Params w{{.dtype = f64}};
  const auto all = gates(*constant_lstm(w, .05, .98, .6), inputs());
  REQUIRE(all.size() == 4);  // f, g, i, o
  const GateSummary &f = named(all, "f"), &i = named(all, "i"), &o = named(all, "o");
  CHECK(f.unit_interval);
  CHECK(f.units == H);
  CHECK(f.rows == B);
  for (int k = 0; k < H; ++k) CHECK(f.time_scale_of_units.at({k}) == Approx(-1 / std::log(.98)).epsilon(1e-12));
  CHECK(f.time_scales.median == Approx(-1 / std::log(.98)).epsilon(1e-12));
  CHECK(std::abs(f.time_scales.most - 1 / (1 - .98)) < .51);  // the limit, to half a step
  CHECK((f.near_one == 1 && f.near_zero == 0));
  CHECK((i.near_one == 0 && i.near_zero == 1));
  CHECK((o.near_one == 0 && o.near_zero == 0));
  CHECK(o.mean == Approx(.6).epsilon(1e-14));
  CHECK(o.deviation < 1e-12);
  CHECK((o.low == 0 && o.high == 1));
  for (int bin = 0; bin < 50; ++bin)
    CHECK(o.histogram[static_cast<std::size_t>(bin)] ==
          (bin == 29 || bin == 30 ? o.histogram[static_cast<std::size_t>(bin)] : 0));
  CHECK(o.histogram[29] + o.histogram[30] == Approx(1));
  for (int t = 0; t < T; ++t) CHECK(f.mean_by_time.at({t}) == Approx(.98).epsilon(1e-14));
}

TEST_CASE("An LSTM with a forget bias of -3 forgets within a third of a step") {
  for (const DType dtype : {f32, f64}) {
    Params w{{.dtype = dtype}};
    const CellPtr cell = make_cell("lstm:forget_bias=-3", w / "cell", {I, 16});
    const auto all = gates(*cell, normal({50, 4, I}, Key{3}, 0, 1, dtype));
    const GateSummary& f = named(all, "f");
    const double at_bias = 1 / (1 + std::exp(3.));
    CHECK(f.mean == Approx(at_bias).margin(.02));
    CHECK(f.near_zero > .95);
    CHECK(f.near_one == 0);
    CHECK(f.time_scales.median == Approx(-1 / std::log(at_bias)).margin(.05));
    CHECK(f.time_scales.least <= f.time_scales.first);
    CHECK(f.time_scales.third <= f.time_scales.most);
    CHECK(named(gates(*make_cell("lstm:forget_bias=4", w / "other", {I, 16}), inputs()), "f").near_one > .9);
  }
}

TEST_CASE("Statistics are those of the values that a Watch collects from a run") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("lstm", w / "cell", {I, H});
  const int warm_up = 5;
  Watch seen;
  evaluate(w, {.rows = B, .dtype = f64, .training = false},
           [&](Shard& s) { return s.sum(sum(unroll(*cell, s.sequence(inputs()), s.context()).last(), {1})); });
  for (const GateSummary& g : gates(*cell, inputs(), {}, {.bins = 8, .margin = .3, .warm_up = warm_up})) {
    INFO(g.name);
    const Array all = seen[g.name];
    double low = 0, high = 1, sum = 0, squares = 0, near_zero = 0, near_one = 0, tau[H] = {};
    const bool unit = g.name != "g";
    if (!unit) low = high = all.at({warm_up, 0, 0});
    const auto each = [&](auto use) {
      for (int t = warm_up; t < T; ++t)
        for (int row = 0; row < B; ++row)
          for (int k = 0; k < H; ++k) use(all.at({t, row, k}), t, k);
    };
    const double n = (T - warm_up) * B * H;
    each([&](double v, int, int k) {
      sum += v / n;
      near_zero += (v < .3) / n;
      near_one += (v > .7) / n;
      tau[k] += std::log(v);
      low = std::min(low, v);
      high = std::max(high, v);
    });
    std::vector<double> bins(8), by_time(T);
    each([&](double v, int t, int) {
      squares += (v - sum) * (v - sum) / n;
      by_time[static_cast<std::size_t>(t)] += v / (B * H);
      bins[std::min<std::size_t>(7, static_cast<std::size_t>((v - low) / (high - low) * 8))] += 1 / n;
    });
    CHECK(g.unit_interval == unit);
    CHECK(g.mean == Approx(sum).epsilon(1e-12));
    CHECK(g.deviation == Approx(std::sqrt(squares)).epsilon(1e-12));
    CHECK((g.low == low && g.high == high));
    for (std::size_t k = 0; k < 8; ++k) CHECK(g.histogram[k] == Approx(bins[k]).margin(1e-12));
    REQUIRE(g.mean_by_time.shape() == Shape{T - warm_up});
    for (int t = warm_up; t < T; ++t)
      CHECK(g.mean_by_time.at({t - warm_up}) == Approx(by_time[static_cast<std::size_t>(t)]).epsilon(1e-12));
    if (!unit) {
      CHECK(std::isnan(g.near_zero));
      CHECK_FALSE(g.time_scale_of_units);
      continue;
    }
    CHECK(g.near_zero == Approx(near_zero));
    CHECK(g.near_one == Approx(near_one));
    for (int k = 0; k < H; ++k)
      CHECK(g.time_scale_of_units.at({k}) == Approx(-(T - warm_up) * B / tau[k]).epsilon(1e-12));
  }
}

TEST_CASE("Any value takes part by its name: with rows, without, in the output, in a fused lambda and in a stack") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("test-recorder", w / "cell", {I, H});
  const auto all = gates(*cell, inputs());
  REQUIRE(all.size() == 3);
  CHECK(named(all, "x").units == I);
  CHECK_FALSE(named(all, "x").unit_interval);
  const GateSummary& a = named(all, "a");
  CHECK((a.rows == 1 && a.units == H));
  const Array values = w.find("cell/a").value();
  for (int k = 0; k < H; ++k) CHECK(a.mean_of_units.at({k}) == Approx(1 / (1 + std::exp(-values.at({k})))));
  CHECK(named(all, "h").mean_by_time.at({0}) ==
        Approx(mean(sum(inputs()[0], {1})).item()));  // of the state after step 0

  CHECK(gates(*make_cell("test-fused-gate", w / "fused", {I, H}), inputs()).at(0).name == "mine");
  CHECK(gates(*make_cell("rnn", w / "rnn", {I, H}), inputs()).empty());
  const CellPtr stack = make_stack("gru", w / "stack", {I, H}, 2);
  std::string names;
  for (const GateSummary& g : gates(*stack, inputs())) names += g.name + " ";
  CHECK(names == "1/n 1/r 1/z 2/n 2/r 2/z ");
}

TEST_CASE("Every registered cell that names values can be summarised, with shares that sum to one") {
  int cells = 0;
  for (const CellInfo& info : cell_list()) {
    if (info.name.rfind("test-", 0) == 0) continue;  // of other tests, with demands of their own
    INFO(info.name);
    Params w{{.dtype = f32}};
    const CellPtr cell = make_cell(info.name, w / "cell", {I, H});
    for (const GateSummary& g : gates(*cell, inputs(f32))) {
      double sum = 0;
      for (const double share : g.histogram) sum += share;
      CHECK(sum == Approx(1));
      CHECK((g.mean >= g.low && g.mean <= g.high));
      CHECK(g.mean_by_time.size() == T);
      if (g.unit_interval) CHECK(g.near_zero + g.near_one <= 1);
      ++cells;
    }
  }
  CHECK(cells > 30);
}

TEST_CASE("A gate that is ever 0 keeps nothing, one that is always 1 keeps everything") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("test-recorder", w / "cell", {I, 2});
  Array x = Array::full({4, 1, I}, 1, f64);
  x.set_flat(1, 0);  // of unit 1, at one step
  const auto all = gates(*cell, x);
  const GateSummary& g = named(all, "x");
  CHECK(std::isinf(g.time_scale_of_units.at({0})));
  CHECK(g.time_scale_of_units.at({1}) == 0);
  CHECK(g.near_one == Approx(7. / 8));
  CHECK(g.near_zero == Approx(1. / 8));
  CHECK(g.time_scales.least == 0);
  CHECK(std::isinf(g.time_scales.most));
}

TEST_CASE("Gate statistics are the same to the bit for any number of threads") {
  const int before = threads();
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("lstm", w / "cell", {I, 32});
  const auto run = [&](int n) {
    set_threads(n);
    std::vector<double> numbers;
    for (const GateSummary& g : gates(*cell, inputs()))
      numbers.insert(numbers.end(), {g.mean, g.deviation, g.histogram[3], g.low});
    return numbers;
  };
  const auto one = run(1);
  CHECK(run(2) == one);
  CHECK(run(3) == one);
  set_threads(before);
}

TEST_CASE("Options out of range and values that are not finite are rejected by name") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("lstm", w / "cell", {I, H});
  CHECK_THROWS_WITH(gates(*cell, inputs(), {}, {.bins = 0}), Contains("at least one bin, not 0"));
  CHECK_THROWS_WITH(gates(*cell, inputs(), {}, {.margin = .6}), Contains("above 0 and at most .5"));
  CHECK_THROWS_WITH(gates(*cell, inputs(), {}, {.warm_up = T}), Contains("a warm-up of 12 steps leaves none of 12"));
  Array x = inputs().copy();
  x.set_flat(2 * B * I, std::nan(""));
  CHECK_THROWS_AS(gates(*make_cell("test-recorder", w / "recorder", {I, H}), x), ValueError);
}

}  // namespace gates_test
