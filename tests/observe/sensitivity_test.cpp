#include <cmath>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/observe/sensitivity.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace sensitivity_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

constexpr int T = 5, B = 3, I = 2, H = 3;

Array inputs() { return normal({T, B, I}, Key{1}.named("x"), 0, 1, f64); }

/// h' = l h + x
struct Leaky {
  Param l;
  Leaky(Builder p, CellSizes s) : l(p.vector("l", s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s) const { return {l * s.h + x}; }
};
EBB_CELL_NAMED(leaky, "test-leaky", Leaky, "a linear scalar recurrence");

CellPtr leaky_cell(Params& w, double l) {
  CellPtr cell = make_cell("test-leaky", w / "cell", {1, 1});
  test::set(w, "cell/l", Array::full({1}, l, f64));
  return cell;
}

/// E (dh/dl)^2 for white inputs of variance one.
double white_truth(double l) { return (1 + l * l) / std::pow(1 - l * l, 3); }

Array last_state(const Cell& cell, const Array& x) {
  Trajectory s(cell, x);
  while (!s.ended()) s.advance();
  return s.state();
}

/// Moves values that a cell initialises near zero away from the kinks of its functions.
void move_parameters(Params& w) {
  Edit change = w.edit();
  Array flat = change.flat();
  flat.assign(flat + normal(flat.shape(), Key{7}, 0, .3, f64));
}

/// d s_T / d theta of one parameter element by central differences, [B, S].
Array by_differences(Params& w, const Cell& cell, const char* name, std::int64_t k) {
  const Array value = w.find(name).value().copy();
  Array ends[2];
  for (int side = 0; side < 2; ++side) {
    Array moved = value.copy();
    moved.set_flat(k, value.at_flat(k) + (side == 0 ? 1e-5 : -1e-5));
    test::set(w, name, moved);
    ends[side] = last_state(cell, inputs());
  }
  test::set(w, name, value);
  return (ends[0] - ends[1]) * (.5 / 1e-5);
}

}  // namespace

TEST_CASE("Squared sensitivities of a linear recurrence to an impulse sum to the closed form for white inputs") {
  const double l[] = {.9, .99, .999};
  const int steps[] = {400, 4'000, 40'000};
  for (int k = 0; k < 3; ++k) {
    Params w{{.dtype = f64}};
    const CellPtr cell = leaky_cell(w, l[k]);
    const Drive impulse = Drive::made(steps[k], [](int t) { return Array::full({1, 1}, t == 0 ? 1 : 0, f64); });
    const Sensitivity s = sensitivity(*cell, w, impulse, {}, {.directions = k == 0 ? 0 : 2});
    double sum = 0;
    for (int t = 0; t < steps[k]; ++t) sum += s.norms.at({t, 0, 0}) * s.norms.at({t, 0, 0});
    CHECK(sum == Approx(white_truth(l[k])).epsilon(1e-12));
    const double h10 = std::pow(l[k], 9) * 10;
    CHECK(s.norms.at({10, 0, 0}) == Approx(h10).epsilon(1e-13));
  }
  CHECK(white_truth(.9) == Approx(263.9).epsilon(1e-3));
  CHECK(white_truth(.99) == Approx(2.513e5).epsilon(1e-3));
  CHECK(white_truth(.999) == Approx(2.501e8).epsilon(1e-3));
}

TEST_CASE("White inputs drawn at random give the closed form within their error, a constant one 1 / (1 - l)^2") {
  const double l[] = {.9, .99, .999};
  const int steps[] = {100, 1'000, 10'000}, rows = 500;
  for (int k = 0; k < 3; ++k) {
    INFO("l = " << l[k]);
    Params w{{.dtype = f64}};
    const CellPtr cell = leaky_cell(w, l[k]);
    const Key key = Key{3}.named("white");
    const Drive white = Drive::made(
        steps[k], [&](int t) { return normal({rows, 1}, key.at(static_cast<std::uint64_t>(t)), 0, 1, f64); });
    const Sensitivity s = sensitivity(*cell, w, white, {}, {.directions = 2});
    double mean = 0, squares = 0;
    for (int b = 0; b < rows; ++b) {
      const double square = std::pow(s.whole.at({steps[k] - 1, b}), 2);
      mean += square / rows;
      squares += square * square / rows;
    }
    const double error = std::sqrt((squares - mean * mean) / (rows - 1));
    CHECK(std::abs(mean - white_truth(l[k])) < 3 * error);
    CHECK(error < .1 * mean);
    const Drive constant = Drive::held(Array::full({1, 1}, 1, f64), 40 * steps[k] / 10);
    const Sensitivity c = sensitivity(*cell, w, constant, {}, {.directions = 2});
    CHECK(c.whole.at({constant.steps() - 1, 0}) == Approx(std::pow(1 - l[k], -2)).epsilon(1e-12));
  }
}

TEST_CASE("The exact sensitivity agrees with finite differences, for every cell, parameter and row") {
  for (const CellInfo& info : cell_list()) {
    if (info.name.rfind("test-", 0) == 0) continue;
    INFO(info.name);
    Params w{{.dtype = f64}};
    const CellPtr cell = make_cell(info.name, w / "cell", {I, H});
    move_parameters(w);
    const Sensitivity s = sensitivity(*cell, w, inputs(), {}, {.by_source = true});
    CHECK(s.difference < 1e-12);
    for (std::size_t l = 0; l < s.parameters.size(); ++l) {
      const char* name = s.parameters[l].c_str();
      std::vector<double> squares(B);
      for (std::int64_t k = 0; k < w.find(name).shape().size(); ++k) {
        const Array column = by_differences(w, *cell, name, k);
        for (int b = 0; b < B; ++b) squares[static_cast<std::size_t>(b)] += sum_of_squares(column[b]);
      }
      for (int b = 0; b < B; ++b)
        CHECK(s.norms.at({T - 1, b, static_cast<int>(l)}) ==
              Approx(std::sqrt(squares[static_cast<std::size_t>(b)])).epsilon(1e-6).margin(1e-8));
    }
  }
}

TEST_CASE("Random directions give the exact norms within their errors, and the parts add up to the whole") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("lstm", w / "cell", {I, 8});
  const Sensitivity exact = sensitivity(*cell, w, inputs()),
                    drawn = sensitivity(*cell, w, inputs(), {}, {.directions = 200});
  REQUIRE(exact.parameters == drawn.parameters);
  CHECK_FALSE(exact.norm_errors);
  double far = 0;
  for (std::int64_t k = 0; k < exact.norms.size(); ++k) {
    const double difference = std::abs(exact.norms.at_flat(k) - drawn.norms.at_flat(k));
    CHECK(difference <= 4.5 * drawn.norm_errors.at_flat(k) + 1e-14);
    far += difference > 2 * drawn.norm_errors.at_flat(k) + 1e-14;
  }
  CHECK(far < .12 * static_cast<double>(exact.norms.size()));
  for (int t = 0; t < T; ++t)
    for (int b = 0; b < B; ++b) {
      CHECK(norm_of(exact.norms[t][b]) == Approx(exact.whole.at({t, b})));
      CHECK(std::abs(exact.whole.at({t, b}) - drawn.whole.at({t, b})) < 4.5 * drawn.whole_errors.at({t, b}));
    }
}

TEST_CASE("The sensitivity has the same bits for any number of threads") {
  const int before = threads();
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("gru", w / "cell", {I, H});
  std::vector<Sensitivity> results;
  for (int n : {1, 2, 3}) {
    set_threads(n);
    results.push_back(sensitivity(*cell, w, inputs(), {}, {.by_source = true}));
  }
  set_threads(before);
  for (const Sensitivity& s : results) {
    CHECK(test::same_bits(s.norms, results[0].norms));
    CHECK(test::same_bits(s.by_source, results[0].by_source));
  }
}

TEST_CASE("Parts by source step follow the closed form, beside the derivative by the state") {
  Params w{{.dtype = f64}};
  const double l = .7;
  const CellPtr cell = leaky_cell(w, l);
  const Array x = normal({T, 1, 1}, Key{4}, 0, 1, f64);
  const Sensitivity s = sensitivity(*cell, w, x, {}, {.by_source = true});
  double h = 0;
  for (int t = 0; t < T; ++t) {
    const double later = std::pow(l, T - 1 - t);
    CHECK(s.kept.at({t, 0}) == Approx(later));
    CHECK(s.by_source.at({t, 0, 0}) == Approx(std::abs(later * h)).margin(1e-16));
    h = l * h + x.at_flat(t);
  }
}

TEST_CASE("Only parameters that a step reads are included; what cannot be done is rejected") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("rnn", w / "rnn", {I, H}), other = make_cell("gru", w / "other", {I, H});
  const Sensitivity s = sensitivity(*cell, w, inputs());
  CHECK(s.parameters == std::vector<std::string>{"rnn/W", "rnn/U", "rnn/b"});
  CHECK_THROWS_WITH(sensitivity(*cell, w, inputs(), {}, {.directions = 1}), Contains("at least two"));
  CHECK_THROWS_WITH(sensitivity(*cell, w, inputs(), {}, {.directions = 4, .by_source = true}), Contains("exactly"));
  const CellPtr growing = leaky_cell(w, 1e40);
  CHECK_THROWS_AS(sensitivity(*growing, w, Drive::held(Array::full({1, 1}, 1, f64), 20)), ValueError);
}

}  // namespace sensitivity_test
