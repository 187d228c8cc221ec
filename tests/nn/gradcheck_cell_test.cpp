#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/gradcheck_cell.hpp>
#include <sstream>

#include "catch.hpp"

using namespace ebb;

TEST_CASE("Every registered cell passes the gradient check, first and second order") {
  for (const CellInfo& cell : cell_list()) {
    if (cell.name.rfind("test-", 0) == 0) continue;
    const GradcheckReport report = gradcheck_cell(cell.name, {{.order = 2}});
    std::ostringstream text;
    text << cell.name << ":\n" << report;
    INFO(text.str());
    CHECK(report.ok());
  }
}

TEST_CASE("Every choice that a shipped cell offers passes the gradient check") {
  const auto cell = GENERATE(as<std::string>{}, "rnn:activation=relu", "rnn:activation=sigmoid", "rnn:activation=linear",
                             "rnn:recurrent=identity,activation=relu", "lstm:forget_bias=0", "gru:update_bias=1",
                             "gru-course:update_bias=1");
  CAPTURE(cell);
  CHECK(gradcheck_cell(cell).ok());
}

TEST_CASE("The check of a cell covers its parameters, the inputs and every field of the starting state") {
  const GradcheckReport report = gradcheck_cell("lstm", {{}, 4, 3});
  std::string inputs;
  for (const GradcheckEntry& e : report.entries) inputs += e.input + ";";
  for (const char* name : {"cell/Wx", "cell/Wh", "cell/b", "x", "start/h", "start/c"}) {
    INFO(inputs);
    CHECK(inputs.find(name) != std::string::npos);
  }
}

namespace {

// h' = tanh(x W + h), whose gradient is stated 0.1 % too large by a detached correction.
struct WrongByATenthOfAPercent {
  Param W;
  WrongByATenthOfAPercent(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s) const {
    Var y = tanh(matmul(x, W) + s.h);
    return {1.001 * y - detach(.001 * y)};
  }
};
EBB_CELL_NAMED(wrong, "test-wrong", WrongByATenthOfAPercent, "a gradient that is wrong on purpose");

struct Throws {
  Throws(Builder, CellSizes) {}
  Hidden step(const Var& x, const Hidden&) const { return {matmul(x, x)}; }
};
EBB_CELL_NAMED(throws, "test-throws", Throws, "shapes that never fit");

}  // namespace

TEST_CASE("A cell whose gradient is 0.1 % off fails the check") {
  const GradcheckReport report = gradcheck_cell("test-wrong");
  CHECK_FALSE(report.ok());
}

TEST_CASE("A cell that throws fails the check with its message") {
  const GradcheckReport report = gradcheck_cell("test-throws");
  CHECK_FALSE(report.ok());
  CHECK(report.failure.find("matmul") != std::string::npos);
}
