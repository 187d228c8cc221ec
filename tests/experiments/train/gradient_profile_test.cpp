#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/vanish/vanish.hpp>
#include <ebb/experiments/train/gradient_profile.hpp>

#include "catch.hpp"

namespace gradient_profile_test {

using namespace ebb;
using namespace ebb::app;

namespace {
struct NotANumber {
  Param W;
  NotANumber(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s) const { return {log(sigmoid(matmul(x, W) + s.h) - 2)}; }
};
EBB_CELL_NAMED(not_a_number, "test-not-a-number", NotANumber, "made by the tests: the logarithm of negative numbers");

// A matrix memory A with a normaliser n, read by the input: h is what it gives. No later step sees h, so that it may
// stand among the fields or be the output.
struct MemoryParams {
  Param Wk, Wv, Wq, wf;
  int width;
  MemoryParams(Builder p, CellSizes s)
      : Wk(p.matrix("Wk", s.input, s.hidden)), Wv(p.matrix("Wv", s.input, s.hidden)),
        Wq(p.matrix("Wq", s.input, s.hidden)), wf(p.matrix("wf", s.input, 1)), width(s.hidden) {}
  Var written(const Var& x, const Var& A) const {
    const int B = x.dim(0);
    const Var keep = reshape(sigmoid(matmul(x, wf) + 2), {B, 1, 1});
    return keep * A + reshape(matmul(x, Wv), {B, width, 1}) * reshape(matmul(x, Wk), {B, 1, width});
  }
  Var read(const Var& x, const Var& A, const Var& n) const {
    return tanh(reshape(matmul(A, reshape(matmul(x, Wq), {x.dim(0), width, 1})), {x.dim(0), width})) / (1 + square(n));
  }
};
struct MemoryH : MemoryParams {
  struct State {
    Var h, A, n;
  };
  MemoryH(Builder p, CellSizes s) : MemoryParams(p, s) {
    p.state("h", &State::h, {s.hidden});
    p.state("A", &State::A, {s.hidden, s.hidden});
    p.state("n", &State::n, {1});
  }
  State step(const Var& x, const State& s) const {
    const Var A = written(x, s.A), n = .9 * s.n + matmul(x, wf);
    return {.h = read(x, A, n), .A = A, .n = n};
  }
};
EBB_CELL_NAMED(memory_h, "test-memory-h", MemoryH, "made by the tests: what is read is declared as a field");
struct MemoryOutput : MemoryParams {
  struct State {
    Var A, n;
  };
  MemoryOutput(Builder p, CellSizes s) : MemoryParams(p, s) {
    p.state("A", &State::A, {s.hidden, s.hidden});
    p.state("n", &State::n, {1});
  }
  State step(const Var& x, const State& s) const { return {.A = written(x, s.A), .n = .9 * s.n + matmul(x, wf)}; }
  Var output(const Var& x, const State& s) const { return read(x, s.A, s.n); }
};
EBB_CELL_NAMED(memory_output, "test-memory-output", MemoryOutput, "made by the tests: what is read is the output");

struct LstmParams {
  struct State {
    Var h, c;
  };
  Param Wx, Wh, b;
  LstmParams(Builder p, CellSizes s)
      : Wx(p.matrix("Wx", s.input, 4 * s.hidden)), Wh(p.matrix("Wh", s.hidden, 4 * s.hidden)),
        b(p.vector("b", 4 * s.hidden)) {
    p.state("h", &State::h, {s.hidden});
    p.state("c", &State::c, {s.hidden});
  }
};
struct PlainLstm : LstmParams {
  using LstmParams::LstmParams;
  State step(const Var& x, const State& s) const {
    auto [i, f, g, o] = split<4>(matmul(x, Wx) + matmul(s.h, Wh) + b);
    const Var c = sigmoid(f) * s.c + sigmoid(i) * tanh(g);
    return {.h = sigmoid(o) * tanh(c), .c = c};
  }
};
EBB_CELL_NAMED(plain_lstm, "test-plain", PlainLstm, "made by the tests: LSTM in plain Vars");
struct FusedLstm : LstmParams {
  using LstmParams::LstmParams;
  State step(const Var& x, const State& s) const {
    auto [c, h] = fuse(
        [](auto i, auto f, auto g, auto o, auto c) {
          auto c1 = sigmoid(f) * c + sigmoid(i) * tanh(g);
          return std::pair{c1, sigmoid(o) * tanh(c1)};
        },
        split<4>(matmul(x, Wx) + matmul(s.h, Wh) + b), s.c);
    return {.h = h, .c = c};
  }
};
EBB_CELL_NAMED(fused_lstm, "test-fused", FusedLstm, "made by the tests: LSTM with fuse");

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
  LagNorms n = straight(-10, 200, {0, 0});  // below 1e-300 from lag 70 on
  for (int lag = 0; lag < 10; ++lag) n[static_cast<std::size_t>(lag)] = {5, 5};
  for (std::size_t lag = 70; lag < n.size(); ++lag) n[lag] = {-INFINITY, -INFINITY};
  const Decay d = decay_of(n);
  CHECK(d.per_step == Approx(-10));
  CHECK(d.norm(100) == 0);
  CHECK(std::isnan(decay_of(straight(-1, 9, {0})).per_step));
}

TEST_CASE("a NaN norm is not treated as zero, nor as that of most rows") {
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

TEST_CASE("a cell with a NaN gradient is distinguished from one whose gradient vanishes") {
  const auto task = make_task("adding");
  const Model m{*task, "test-not-a-number", 4, 3};
  const LagNorms norms = gradient_norms(m, *task, 120, 3).at("h");
  for (const double ln : norms[100]) CHECK(std::isnan(ln));

  vanish::TaskResult result{.name = "adding",
                            .data = "",
                            .info = task->info(),
                            .settings = task->settings(Size::quick),
                            .lags = 120,
                            .rows = 3};
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

TEST_CASE("rows do not depend on how many others are measured") {
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
  CHECK(power_text(-.06, 1) == "10⁻⁰·¹");
  CHECK(power_text(-.04, 1) == "0.9120");  // not 10⁻⁰·⁰
  CHECK(power_text(0, 0) == "1.000");
  CHECK(power_text(-INFINITY, 1) == "0");
  CHECK(power_text(INFINITY, 1) == "∞");
  CHECK(power_text(NAN, 1) == "–");
  CHECK(wrapped("aa bb cc", 5) == std::vector<std::string>{"aa bb", "cc"});
}

TEST_CASE("a verdict concerns the whole state, independent of its fields and their order") {
  const auto task = make_task("adding");
  vanish::TaskResult result{.name = "adding",
                            .data = "",
                            .info = task->info(),
                            .settings = task->settings(Size::quick),
                            .lags = 60,
                            .rows = 5};
  result.settings.steps = 0;
  for (const char* cell : {"test-memory-h", "test-memory-output", "rnn"}) {
    const Model model{*task, cell, 4, 3};
    result.cells.push_back({.cell = cell, .runs = {{.begun = true, .init = gradient_norms(model, *task, 60, 5)}}});
    vanish::settle(result.cells.back());
  }
  const Decay &with_h = result.cells[0].decays[0].init, &by_output = result.cells[1].decays[0].init;
  for (std::size_t lag = 1; lag <= 60; ++lag) CHECK(with_h.mean[lag] == Approx(by_output.mean[lag]).epsilon(1e-9));
  REQUIRE(result.cells[0].decays.size() == 4);  // the whole state, h, A, n
  CHECK(result.cells[0].decays[0].name() == "whole state");
  CHECK(result.cells[0].decays[1].name() == "dh");
  CHECK(result.cells[0].decays[1].init.norm(1) == 0);  // no later step sees h
  REQUIRE(result.cells[2].decays.size() == 1);
  const std::string verdict = vanish::verdict(result);
  INFO(verdict);
  CHECK(verdict.find("to zero") == std::string::npos);
  CHECK(verdict.find("the gradient of rnn has fallen") != std::string::npos);
  CHECK(verdict.find("over the whole state") != std::string::npos);
}

TEST_CASE("the norm over the whole state combines its fields, at any magnitude") {
  const double none = std::nan(""), small = std::log(1e-200);
  const GradientNorms norms{{"h", {{std::log(3.0), -INFINITY, small, none}}},
                            {"c", {{std::log(4.0), -INFINITY, small, 0}}}};
  const LagNorms whole = whole_state(norms);
  CHECK(whole[0][0] == Approx(std::log(5.0)));
  CHECK(whole[0][1] == -INFINITY);
  CHECK(whole[0][2] == Approx(small + .5 * std::log(2.0)).epsilon(1e-14));
  CHECK(std::isnan(whole[0][3]));
}

TEST_CASE("two implementations of the LSTM have the same norms at every lag") {
  const auto task = make_task("adding");
  const Model plain{*task, "test-plain", 5, 3}, fused{*task, "test-fused", 5, 3};
  const GradientNorms a = gradient_norms(plain, *task, 40, 4), b = gradient_norms(fused, *task, 40, 4);
  for (const char* field : {"h", "c"})
    for (std::size_t lag = 0; lag <= 40; ++lag)
      for (std::size_t row = 0; row < 4; ++row) {
        INFO(field << ", lag " << lag);
        if (field[0] == 'c' && lag == 0)
          CHECK((a.at(field)[lag][row] == -INFINITY && b.at(field)[lag][row] == -INFINITY));
        else CHECK(a.at(field)[lag][row] == Approx(b.at(field)[lag][row]).epsilon(1e-12));
      }
}

}  // namespace gradient_profile_test
