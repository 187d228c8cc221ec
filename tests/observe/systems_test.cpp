#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/gradcheck_cell.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/reduce.hpp>
#include <sstream>

#include "catch.hpp"

namespace systems_test {

using namespace ebb;

namespace {

constexpr int B = 3, I = 2, H = 4;

/// Field `name` after `steps` steps on inputs of zero.
Array after(const Cell& cell, int steps, const char* name, const StepContext& at = StepContext()) {
  const Tape tape{{.dtype = f64}};
  const NoGrad off;
  return unroll(cell, Sequence(zeros({steps, B, I})), at).end()[name].value();
}

}  // namespace

TEST_CASE("The systems with known exponents are registered cells with correct gradients to second order") {
  for (const char* name : {"tanhmap:g=2", "gaussian", "henon", "saddle", "diagonal"}) {
    const GradcheckReport report = gradcheck_cell(name, {{.order = 2}});
    std::ostringstream text;
    text << name << ":\n" << report;
    INFO(text.str());
    CHECK(report.ok());
  }
}

TEST_CASE("Two steps of each system agree with its equation") {
  Params w{{.dtype = f64}};
  const Array x = after(*make_cell("henon", w / "henon", {I, H}), 3, "x");
  const double one = 1, two = 1 - 1.4, three = 1 - 1.4 * two * two + .3 * one;
  CHECK(x.at({2, 3}) == Approx(three).epsilon(1e-15));
  const auto sigmoid = [](double a) { return 1 / (1 + std::exp(-a)); };
  const Array h = after(*make_cell("saddle:b=-2", w / "saddle", {I, H}), 2, "h");
  CHECK(h.at({0, 0}) == Approx(5 * sigmoid(5 * sigmoid(.5) - 2) - 2).epsilon(1e-15));
  const Array d = after(*make_cell("diagonal:low=.25,high=4", w / "diagonal", {I, 3}), 2, "h");
  CHECK(largest_magnitude(d) == 0);  // from zero, without input
  const Array t = after(*make_cell("tanhmap", w / "tanhmap", {I, H}), 1, "h");
  double sum = 0;
  for (int k = 0; k < H; ++k) sum += w.find("tanhmap/J").value().at({k, 1});
  CHECK(t.at({1, 1}) == Approx(std::tanh(1.) * sum).epsilon(1e-14));
}

TEST_CASE("The gain of tanhmap is the deviation of J, and that of gaussian the growth of its state") {
  Params w{{.dtype = f64}};
  const int N = 200;
  make_cell("tanhmap:g=3", w / "tanhmap", {1, N});
  const Array J = w.find("tanhmap/J").value();
  double squares = 0;
  for (std::int64_t k = 0; k < J.size(); ++k) squares += J.at_flat(k) * J.at_flat(k);
  CHECK(squares / N == Approx(9).epsilon(.03));

  const Tape tape{{.dtype = f64}};
  const NoGrad off;
  const CellPtr cell = make_cell("gaussian:g=2", w / "gaussian", {1, N});
  const State s = cell->step(zeros({2, 1}), cell->initial_state(2), StepContext().at_time(0));
  for (int row = 0; row < 2; ++row) {
    double sum = 0;
    for (int k = 0; k < N; ++k) sum += std::pow(s[0].value().at({row, k}), 2);
    CHECK(sum / N == Approx(4).epsilon(.4));
  }
}

TEST_CASE("gaussian draws a matrix for each step, row and seed, reproducibly") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("gaussian", w / "cell", {I, H});
  const Array one = after(*cell, 1, "h"), two = after(*cell, 2, "h"), again = after(*cell, 2, "h");
  const Array other = after(*cell, 1, "h", StepContext({.seed = 2}));
  CHECK(one.at({0, 0}) != one.at({1, 0}));
  CHECK(one.at({0, 0}) != other.at({0, 0}));
  CHECK(one.at({0, 0}) != two.at({0, 0}));
  CHECK(two.at({2, 3}) == again.at({2, 3}));
}

}  // namespace systems_test
