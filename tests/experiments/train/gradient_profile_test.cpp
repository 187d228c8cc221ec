#include <cmath>
#include <ebb/experiments/train/gradient_profile.hpp>
#include <ebb/experiments/studies/vanish/vanish.hpp>
#include <ebb/experiments/report/text_format.hpp>

#include "catch.hpp"

using namespace ebb;

namespace {
struct NotANumber {
  Param W;
  NotANumber(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s) const { return {log(sigmoid(matmul(x, W) + s.h) - 2)}; }
};
EBB_CELL_NAMED(not_a_number, "test-not-a-number", NotANumber, "made by the tests: the logarithm of negative numbers");

LagNorms straight(double slope, int lags, std::vector<double> offsets) {
  LagNorms n;
  for (int lag = 0; lag <= lags; ++lag) {
    n.emplace_back();
    for (const double o : offsets) n.back().push_back(slope * lag + o);
  }
  return n;
}
}  // namespace

TEST_CASE("decay is the slope of ln norm, half-life follows, spread is over rows") {
  const Decay d = decay_of(straight(-.5, 200, {-1, 1}));
  CHECK(d.per_step == Approx(-.5));
  CHECK(d.half_life() == Approx(std::log(2) / .5));
  CHECK(d.norm(10) == Approx(std::exp(-5)));
  CHECK(d.spread[50] == Approx(1));
  CHECK(std::isnan(d.norm(201)));
}

TEST_CASE("a gradient that grows has no half-life") {
  const Decay d = decay_of(straight(.1, 100, {0}));
  CHECK(d.per_step == Approx(.1));
  CHECK(std::isnan(d.half_life()));
}

TEST_CASE("norms below 1e-300 and lags outside 10 to 100 do not bend the line") {
  LagNorms n = straight(-10, 200, {0, 0});             // below 1e-300 from lag 70 on
  for (int lag = 0; lag < 10; ++lag) n[static_cast<std::size_t>(lag)] = {5, 5};
  for (std::size_t lag = 70; lag < n.size(); ++lag) n[lag] = {-INFINITY, -INFINITY};
  const Decay d = decay_of(n);
  CHECK(d.per_step == Approx(-10));
  CHECK(d.norm(100) == 0);
  CHECK(std::isnan(decay_of(straight(-1, 9, {0})).per_step));
}

TEST_CASE("a norm that is no number is not taken for zero, nor for most rows") {
  const double none = std::nan("");
  LagNorms n = straight(-.5, 100, {0, 0, 0});
  n[50] = {none, none, -25};
  n[60] = {none, -30, -30};
  n[70] = {-INFINITY, none, -INFINITY};
  n[80] = {-INFINITY, -INFINITY, -40};
  const Decay d = decay_of(n);
  CHECK(std::isnan(d.mean[50]));
  CHECK(std::isnan(d.norm(50)));
  CHECK(std::isnan(d.spread[50]));
  CHECK(d.mean[60] == Approx(-30));
  CHECK(d.norm(70) == 0);
  CHECK(d.norm(80) == 0);
  CHECK(d.per_step == Approx(-.5));
}

TEST_CASE("a cell whose gradient is no number is told from one whose gradient vanishes") {
  const auto task = make_task("adding");
  const Model m{*task, "test-not-a-number", 4, 3};
  const LagNorms norms = gradient_norms(m, *task, 120, 3).at("h");
  for (const double ln : norms[100]) CHECK(std::isnan(ln));

  vanish::TaskResult result{.name = "adding", .data = "", .info = task->info(), .settings = task->settings(Size::quick), .lags = 120, .rows = 3};
  for (const char* cell : {"test-not-a-number", "rnn"}) {
    const Model model{*task, cell, 4, 3};
    result.cells.push_back({.cell = cell, .runs = {{.begun = true, .init = gradient_norms(model, *task, 120, 3)}}});
    vanish::settle(result.cells.back());
  }
  const std::string table = vanish::table_text(result), verdict = vanish::verdict(result);
  INFO(table << verdict);
  CHECK(table.find("no number") != std::string::npos);
  CHECK(table.find("to zero") == std::string::npos);
  CHECK(verdict.find("the gradient of test-not-a-number is not a number") != std::string::npos);
  CHECK(verdict.find("fallen") == std::string::npos);
}

TEST_CASE("the measured gradient is that of the last step's loss with respect to each state") {
  // A linear cell with an orthogonal U passes the gradient on with its norm unchanged.
  const auto task = make_task("adding");
  const Model m{*task, "rnn:activation=linear,recurrent=orthogonal", 16, 3};
  const auto norms = gradient_norms(m, *task, 30, 9);
  REQUIRE(norms.size() == 1);
  REQUIRE(norms.at("h").size() == 31);
  for (std::size_t row = 0; row < 9; ++row)
    for (const auto& lag : norms.at("h")) CHECK(lag[row] == Approx(norms.at("h")[0][row]).epsilon(1e-6));
}

TEST_CASE("rows do not depend on how many are measured with them") {
  const auto task = make_task("adding");
  const Model m{*task, "lstm", 8, 3};
  const auto few = gradient_norms(m, *task, 20, 3);
  const auto many = gradient_norms(m, *task, 20, 33);
  CHECK(few.size() == 2);
  for (const auto& [field, norms] : few)
    for (std::size_t lag = 0; lag <= 20; ++lag)
      for (std::size_t row = 0; row < 3; ++row) CHECK(norms[lag][row] == many.at(field)[lag][row]);
}

TEST_CASE("spark lines and numbers fit their columns") {
  CHECK(spark({1, 0.5, 0}, 0, 1, 3) == "█▄ ");
  CHECK(spark({1, 1, 1, 1}, 0, 1, 2) == "██");
  CHECK(fit("λόγος", 3) == "λόγ");
  CHECK(fit("ab", 4, true) == "  ab");
  CHECK(count_text(1234567) == "1,234,567");
  CHECK(count_text(-123) == "-123");
  CHECK(number_text(3.2e-24) == "3.2e-24");
  CHECK(power_text(-23.5, 1) == "10⁻²³·⁵");
  CHECK(wrapped("aa bb cc", 5) == std::vector<std::string>{"aa bb", "cc"});
}
