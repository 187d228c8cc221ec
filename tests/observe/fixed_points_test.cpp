#include <algorithm>
#include <cmath>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/observe/fixed_points.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/linalg.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/parallel.hpp>
#include <string>
#include <tuple>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace fixed_points_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

constexpr int I = 2;

Array random_starts(int N, int S, double deviation = 1) {
  return normal({N, S}, Key{1}.named("starts"), 0, deviation, f64);
}

Array no_input() { return Array::zeros({I}, f64); }

/// Multiplies every matrix of a cell by the gain.
void amplify(Params& w, double gain) {
  w.transform("*", [gain](const Var& v) { return v.rank() == 2 ? gain * v : v; });
}

/// A linear cell with the given recurrent matrix, h' = h U + x W + b.
struct LinearCell {
  Params w{{.dtype = f64}};
  CellPtr cell;
  explicit LinearCell(const Array& U) : cell(make_cell("rnn:activation=linear", w / "rnn", {I, U.dim(0)})) {
    test::set(w, "rnn/U", U);
  }
};

Array diagonal(std::initializer_list<double> d) {
  const int n = static_cast<int>(d.size());
  Array U = Array::zeros({n, n}, f64);
  for (int k = 0; k < n; ++k) U.set_flat(std::int64_t{k} * (n + 1), d.begin()[k]);
  return U;
}

/// A cell whose fixed points form a circle of radius 1 in h[0], h[1]; all other numbers shrink.
struct Ring {
  Ring(Builder, CellSizes) {}
  Hidden step(const Var&, const Hidden& s) const {
    const Var plane = slice(s.h, -1, 0, 2), rest = slice(s.h, -1, 2, s.h.dim(1));
    const Var squares = sum(square(plane), {-1}, Keep::yes);
    return {concat({plane * (1.5 - .5 * squares), .5 * rest}, -1)};
  }
};
EBB_CELL_NAMED(ring, "test-ring", Ring, "a circle of fixed points");

/// A quadratic map just beyond its saddle-node bifurcation.
struct Ghost {
  double gap;
  Ghost(Builder p, CellSizes) : gap(p.option("gap", .01, "distance from the bifurcation")) {}
  Hidden step(const Var&, const Hidden& s) const { return {s.h + gap + square(s.h)}; }
};
EBB_CELL_NAMED(ghost, "test-ghost", Ghost, "a slow point");

struct Clock {
  Clock(Builder, CellSizes) {}
  Hidden step(const Var&, const Hidden& s, const StepContext& at) const {
    return {at.time() % 4 == 3 ? .5 * s.h : .25 * s.h};
  }
};
EBB_CELL_NAMED(clock_cell, "test-clock", Clock, "reads the time");

struct FixedMask {
  FixedMask(Builder, CellSizes) {}
  Hidden step(const Var&, const Hidden& s, const StepContext& at) const {
    return {.5 * s.h * at.per_sequence().bernoulli("mask", s.h, .5)};
  }
};
EBB_CELL_NAMED(fixed_mask, "test-mask", FixedMask, "one mask for all steps");

}  // namespace

TEST_CASE("A linear cell has one fixed point, which agrees with the series of its powers") {
  Params w{{.dtype = f64}};
  const int H = 6;
  const CellPtr cell = make_cell("rnn:activation=linear", w / "rnn", {I, H});
  const Array x = Array::from({I}, {.3, -.7}, f64);
  const FixedPoints f = fixed_points(*cell, x, random_starts(20, H));
  REQUIRE(f.points.size() == 1);
  CHECK(f.points[0].starts.size() == 20);
  CHECK(f.count(DescentEnd::fixed) == 20);
  CHECK(f.slow.empty());
  CHECK(f.manifolds.empty());
  const Array U = w.find("rnn/U").value(), b = w.find("rnn/b").value(), W = w.find("rnn/W").value();
  const Array drive = matmul(x.reshape({1, I}), W) + b;
  Array want = drive;
  for (int k = 0; k < 2000; ++k) want = matmul(want, U) + drive;
  CHECK(test::error_of(f.points[0].state.reshape({1, H}), want) < 1e-13);
  const auto [real, imag] = eigenvalues(U);
  CHECK(test::error_of(f.points[0].real, real) < 1e-12);
  CHECK(test::error_of(f.points[0].imag, imag) < 1e-12);
  CHECK(f.points[0].kind == PointKind::stable);
}

TEST_CASE("Eigenvalues give time scales, frequencies and the kind of a point") {
  Array U = diagonal({.5, -.25, 0, 2, 0, 0});  // and a rotation by an eighth of a turn that grows by 1.1 a step
  const double turn = 1.1 * std::sqrt(.5);
  for (const auto& [at, value] : {std::pair{28, turn}, {29, turn}, {34, -turn}, {35, turn}}) U.set_flat(at, value);
  const LinearCell linear(U);
  const FixedPoints f = fixed_points(*linear.cell, no_input(), random_starts(3, 6));
  REQUIRE(f.points.size() == 1);
  const FixedPoint& p = f.points[0];
  CHECK(p.kind == PointKind::saddle);
  CHECK(p.unstable == 3);
  CHECK(p.neutral == 0);
  CHECK(p.time_scale(0) == Approx(-1 / std::log(2.)));
  CHECK(p.time_scale(1) == Approx(-1 / std::log(1.1)));
  CHECK(p.frequency(1) == Approx(1. / 8));
  CHECK(p.frequency(2) == Approx(-1. / 8));
  CHECK(p.time_scale(3) == Approx(1 / std::log(2.)));
  CHECK(p.frequency(4) == .5);
  CHECK(p.time_scale(5) == 0);
  CHECK(fixed_points(*LinearCell(diagonal({2, -3})).cell, no_input(), random_starts(3, 2)).points[0].kind ==
        PointKind::unstable);
  const FixedPoints turning = fixed_points(*LinearCell(diagonal({.5, -1})).cell, no_input(), random_starts(9, 2));
  REQUIRE(turning.points.size() == 1);
  CHECK(turning.points[0].kind == PointKind::non_hyperbolic);
  CHECK(turning.points[0].null_space == 0);
  CHECK(turning.points[0].time_scale(0) == INFINITY);
}

TEST_CASE("Pascanu's unit has its saddle-node bifurcations where the number of fixed points changes") {
  const auto count = [](double b) {
    Params w{{.dtype = f64}};
    const CellPtr cell = make_cell("saddle", w / "cell", {I, 1});
    test::set(w, "cell/b", Array::full({1}, b, f64));
    Array starts = Array::empty({13, 1}, f64);
    for (int k = 0; k < 13; ++k) starts.set_flat(k, -3 + k * .5);
    return fixed_points(*cell, no_input(), starts).points.size();
  };
  CHECK(count(-2.5) == 3);
  CHECK(count(-3) == 1);
  CHECK(count(-2) == 1);
  const auto bisect = [&](double one, double three) {
    while (std::abs(one - three) > 1e-6) (count((one + three) / 2) > 1 ? three : one) = (one + three) / 2;
    return three;
  };
  CHECK(bisect(-3, -2.5) == Approx(-2.65561).margin(1e-5));
  CHECK(bisect(-2, -2.5) == Approx(-2.34439).margin(1e-5));
}

TEST_CASE("Two uncoupled units have nine fixed points: four stable, four saddles and one unstable") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("saddle", w / "cell", {I, 2});
  const FixedPoints f = fixed_points(*cell, no_input(), random_starts(300, 2, 3));
  REQUIRE(f.points.size() == 9);
  std::size_t starts = 0;
  for (std::size_t k = 0; k < 9; ++k) {
    CHECK(f.points[k].kind == (k < 4 ? PointKind::stable : k < 8 ? PointKind::saddle : PointKind::unstable));
    CHECK(f.points[k].unstable == (k < 4 ? 0 : k < 8 ? 1 : 2));
    starts += f.points[k].starts.size();
  }
  CHECK(starts + static_cast<std::size_t>(f.count(DescentEnd::slow)) == 300);
  for (const FixedPoint& p : f.slow) CHECK(p.speed() > 1e-3);
}

TEST_CASE("Random networks with large gain: every point is fixed to rounding, with the Jacobian's eigenvalues") {
  for (const auto& [name, seed, least] : {std::tuple{"rnn", 1, 3}, {"gru", 5, 3}, {"lstm", 8, 5}}) {
    INFO(name);
    Params w{{.seed = static_cast<std::uint64_t>(seed), .dtype = f64}};
    const int H = 12;
    const CellPtr cell = make_cell(name, w / "cell", {I, H});
    amplify(w, 4);
    const Array x = Array::from({1, I}, {.1, .2}, f64);
    const FixedPoints f = fixed_points(*cell, x, random_starts(30, state_size(*cell)), {.iterations = 100});
    CHECK(static_cast<int>(f.points.size()) >= least);
    CHECK(f.count(DescentEnd::fixed) >= 10);
    CHECK(f.count(DescentEnd::not_finite) == 0);
    const Tape tape{{.dtype = f64}};
    for (const FixedPoint& p : f.points) {
      CHECK(p.q < 1e-24);
      const State s = as_state(*cell, constant(p.state.reshape({1, p.state.dim(0)})));
      const Array next = flat_state(cell->step(constant(x), s, StepContext())).value();
      CHECK(norm_of(next[0] - p.state) < 1e-13);
      const auto [real, imag] = eigenvalues(step_jacobian(*cell, constant(x), s));
      CHECK(test::error_of(p.real, real[0]) < 1e-10);
      CHECK(test::error_of(p.imag, imag[0]) < 1e-10);
    }
    for (const FixedPoint& p : f.slow) CHECK(p.q >= 1e-24);
  }
}

TEST_CASE("Every registered cell has its fixed points found to rounding, or is rejected because it is not autonomous") {
  for (const CellInfo& info : cell_list()) {
    if (info.name.rfind("test-", 0) == 0) continue;
    INFO(info.name);
    Params w{{.dtype = f64}};
    const CellPtr cell = make_cell(info.name, w / "cell", {I, 4});
    const auto find = [&] { return fixed_points(*cell, no_input(), random_starts(5, state_size(*cell), .3)); };
    if (info.name == "gaussian") {
      CHECK_THROWS_AS(find(), ValueError);
      continue;
    }
    const FixedPoints f = find();
    for (const FixedPoint& p : f.points) CHECK(p.q < 1e-24);
    CHECK(f.count(DescentEnd::not_finite) == 0);
    CHECK(f.points.size() + f.manifolds.size() + f.slow.size() + f.slow_manifolds.size() > 0);
  }
}

TEST_CASE("An integrator is one line of fixed points, and a cell that copies its state a manifold of all dimensions") {
  const FixedPoints line = fixed_points(*LinearCell(diagonal({1, .5, -.5})).cell, no_input(), random_starts(50, 3));
  // The bias moves along the line unless it is zero there.
  CHECK(line.points.empty());
  CHECK(line.manifolds.empty());
  REQUIRE(line.slow_manifolds.size() == 1);
  CHECK(line.slow_manifolds[0].points.size() == 50);

  LinearCell integrator(diagonal({1, .5, -.5}));
  test::set(integrator.w, "rnn/b", Array::from({3}, {0, 1, 2}, f64));
  const FixedPoints still = fixed_points(*integrator.cell, no_input(), random_starts(50, 3));
  CHECK(still.points.empty());
  CHECK(still.slow.empty());
  REQUIRE(still.manifolds.size() == 1);
  CHECK(still.manifolds[0].dimension == 1);
  CHECK(still.manifolds[0].points.size() == 50);
  for (const FixedPoint& p : still.manifolds[0].points) {
    CHECK(p.state.at({1}) == Approx(2));
    CHECK(p.state.at({2}) == Approx(4. / 3));
    CHECK(p.kind == PointKind::non_hyperbolic);
  }

  LinearCell identity(diagonal({1, 1, 1, 1}));
  test::set(identity.w, "rnn/b", Array::zeros({4}, f64));
  const FixedPoints all = fixed_points(*identity.cell, no_input(), random_starts(30, 4));
  REQUIRE(all.manifolds.size() == 1);
  CHECK(all.manifolds[0].dimension == 4);
  CHECK(all.manifolds[0].points.size() == 30);
}

TEST_CASE("A circle of fixed points is one curve beside the isolated point in its middle") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("test-ring", w / "cell", {I, 4});
  const FixedPoints f = fixed_points(*cell, no_input(), random_starts(200, 4, .8));
  REQUIRE(f.manifolds.size() == 1);
  CHECK(f.manifolds[0].dimension == 1);
  CHECK(f.manifolds[0].points.size() > 50);
  for (const FixedPoint& p : f.manifolds[0].points) {
    CHECK(std::hypot(p.state.at({0}), p.state.at({1})) == Approx(1).epsilon(1e-12));
    CHECK(p.q < 1e-24);
  }
  REQUIRE(f.points.size() == 1);
  CHECK(norm_of(f.points[0].state) < 1e-12);
  CHECK(f.points[0].unstable == 2);
}

TEST_CASE("Beyond a saddle-node bifurcation a slow point is left, with its speed, and at it a fixed one") {
  Params w{{.dtype = f64}};
  const Array starts = random_starts(20, 1, .5);
  for (const double gap : {.1, 1e-3, 1e-6}) {
    CAPTURE(gap);
    const std::string name = "test-ghost:gap=" + std::to_string(gap);
    const FixedPoints f = fixed_points(*make_cell(name, w / name.c_str(), {I, 1}), no_input(), starts);
    CHECK(f.points.empty());
    REQUIRE(f.slow.size() == 1);
    CHECK(f.slow[0].speed() == Approx(gap).epsilon(1e-10));
    CHECK(std::abs(f.slow[0].state.at({0})) < 1e-7);
    CHECK(f.slow[0].starts.size() == 20);
  }
  const FixedPoints at = fixed_points(*make_cell("test-ghost:gap=0", w / "zero", {I, 1}), no_input(), starts);
  REQUIRE(at.points.size() == 1);
  CHECK(at.points[0].kind == PointKind::non_hyperbolic);
  CHECK(at.points[0].null_space == 1);
  CHECK(at.slow.empty());
}

TEST_CASE("A cell that draws random numbers or reads the time has no fixed points, and is rejected with the reason") {
  Params w{{.dtype = f64}};
  const auto find = [&](const char* name) {
    const CellPtr cell = make_cell(name, w / name, {I, 3});
    return fixed_points(*cell, no_input(), Array::zeros({2, 3}, f64));
  };
  CHECK_THROWS_WITH(find("gaussian"), Contains("cell gaussian draws random numbers"));
  CHECK_THROWS_WITH(find("test-mask"), Contains("cell test-mask draws random numbers"));
  CHECK_THROWS_WITH(find("test-clock"), Contains("cell test-clock reads the time") && Contains("at time 3"));
}

TEST_CASE("What does not fit is rejected, and starts that leave float64 are counted") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("henon", w / "cell", {I, 1});
  CHECK_THROWS_WITH(fixed_points(*cell, no_input(), Array::zeros({2, 3}, f64)), Contains("starts [N, 2]"));
  CHECK_THROWS_WITH(fixed_points(*cell, Array::zeros({2, I}, f64), Array::zeros({2, 2}, f64)), Contains("[1, width]"));
  CHECK_THROWS_WITH(fixed_points(*cell, no_input(), Array::zeros({0, 2}, f64)), Contains("no starts"));
  CHECK_THROWS_WITH(fixed_points(*cell, no_input(), Array::full({1, 2}, NAN, f64)), Contains("NaN"));
  CHECK_THROWS_WITH(fixed_points(*cell, no_input(), Array::zeros({1, 2}, f64), {.tolerance = 0}), Contains("positive"));
  const CellPtr wide = make_cell("henon", w / "wide", {I, 1025});
  CHECK_THROWS_WITH(fixed_points(*wide, no_input(), Array::zeros({1, 2050}, f64)), Contains("up to 2048"));

  Array starts = random_starts(12, 2);
  starts.set_flat(6, 1e200);
  const FixedPoints f = fixed_points(*cell, no_input(), starts);
  CHECK(f.how[3] == DescentEnd::not_finite);
  CHECK(f.count(DescentEnd::not_finite) == 1);
  REQUIRE(f.points.size() == 2);  // x = (b - 1 +- sqrt((1 - b)^2 + 4 a)) / 2 a
  for (const FixedPoint& p : f.points) {
    CHECK(p.state.at({0}) == Approx((-.7 + (p.state.at({0}) > 0 ? 1 : -1) * std::sqrt(.49 + 5.6)) / 2.8));
    CHECK(p.kind == PointKind::saddle);
  }
}

TEST_CASE("No point is reported where rounding hides that a state moves, and such starts are counted") {
  Params w{{.dtype = f64}};
  // h' = h + .001 moves everywhere; at 1e176, and from 1e14 on, the sum is h.
  const LinearCell drift(diagonal({1, 1}));
  const double size = GENERATE(1e7, 1e14, 1e150, 1e176);
  const Array starts = Array::full({6, 2}, size, f64);
  const FixedPoints f = fixed_points(*drift.cell, Array::full({I}, .001, f64), starts);
  CAPTURE(size);
  CHECK(f.points.empty());
  CHECK(f.manifolds.empty());
  CHECK(f.slow.empty());
  CHECK(f.count(DescentEnd::too_large) == 6);
  CHECK(test::same_bits(f.ends, starts));  // not followed

  const FixedPoints near = fixed_points(*drift.cell, no_input(), random_starts(6, 2), {.largest = .01});
  CHECK(near.count(DescentEnd::too_large) == 6);
  CHECK_THROWS_WITH(fixed_points(*drift.cell, no_input(), starts, {.largest = 0}), Contains("largest norm"));
}

TEST_CASE("The end of each start has the same bits in any batch and for any number of threads") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("gru", w / "cell", {I, 10});
  amplify(w, 3);
  const FixedPointOptions o{.iterations = 40};
  const Array starts = random_starts(23, 10);
  const FixedPoints all = fixed_points(*cell, no_input(), starts, o);
  for (int k = 0; k < 23; k += 5) {
    const FixedPoints one = fixed_points(*cell, no_input(), starts.range(k, k + 1), o);
    CHECK(test::same_bits(one.ends[0], all.ends[k]));
    CHECK(one.how[0] == all.how[static_cast<std::size_t>(k)]);
  }
  CHECK(test::same_bits(fixed_points(*cell, no_input(), flip(starts, 0), o).ends, flip(all.ends, 0)));
  const int before = threads();
  set_threads(before == 1 ? 3 : 1);
  CHECK(test::same_bits(fixed_points(*cell, no_input(), starts, o).ends, all.ends));
  set_threads(before);
}

TEST_CASE("Starts along a trajectory are its states, all of them at some time, with noise, and reproducible") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("henon", w / "cell", {I, 1});
  const Drive drive = Drive::held(Array::zeros({3, I}, f64), 4);
  const Array from = normal({3, 2}, Key{2}, 0, .1, f64), starts = starts_along({*cell, drive, from}, 300, 0, Key{1});
  std::vector<int> hits;
  for (Trajectory s(*cell, drive, from);; s.advance()) {
    for (int row = 0; row < 3; ++row) {
      hits.push_back(0);
      for (int k = 0; k < 300; ++k) hits.back() += test::same_bits(starts[k], s.state()[row]);
    }
    if (s.ended()) break;
  }
  REQUIRE(hits.size() == 15);
  int all = 0;
  for (const int n : hits) {
    CHECK(n > 5);
    CHECK(n < 45);
    all += n;
  }
  CHECK(all == 300);
  CHECK(test::same_bits(starts_along({*cell, drive, from}, 300, 0, Key{1}), starts));
  const Array noise = starts_along({*cell, drive, from}, 300, .1, Key{1}) - starts;
  CHECK(std::sqrt(sum_of_squares(noise) / 600) == Approx(.1).epsilon(.1));
}

}  // namespace fixed_points_test
