#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/nn/sequence/gradcheck_cell.hpp>
#include <ebb/nn/sequence/zoneout.hpp>
#include <sstream>

#include "catch.hpp"

namespace gradcheck_cell_test {

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

TEST_CASE("Every choice of the shipped cells' options passes the gradient check") {
  const auto cell =
      GENERATE(as<std::string>{}, "rnn:activation=relu", "rnn:activation=sigmoid", "rnn:activation=linear",
               "rnn:recurrent=identity,activation=relu", "lstm:forget_bias=0", "gru:update_bias=1",
               "gru-course:update_bias=1", "mingru:eigenvalues=signed", "qrnn:pool=f,window=3",
               "qrnn:pool=ifo,window=4", "lru-real:eigenvalues=positive", "rhn:depth=1", "clockwork:modules=2",
               "lstm-greff:variant=nig", "lstm-greff:variant=nfg", "lstm-greff:variant=nog", "lstm-greff:variant=niaf",
               "lstm-greff:variant=noaf", "lstm-greff:variant=np", "lstm-greff:variant=cifg");
  CAPTURE(cell);
  CHECK(gradcheck_cell(cell).ok());
}

TEST_CASE("The check of a cell covers its parameters, the inputs and every field of the initial state") {
  const GradcheckReport report = gradcheck_cell("lstm", {{}, 4, 3});
  std::string inputs;
  for (const GradcheckEntry& e : report.entries) inputs += e.input + ";";
  for (const char* name : {"cell/Wx", "cell/Wh", "cell/b", "x", "start/h", "start/c"}) {
    INFO(inputs);
    CHECK(inputs.find(name) != std::string::npos);
  }
}

namespace {

// h' = tanh(x W + h), whose gradient is made 0.1 % too large by a detached correction.
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

// Correct in evaluation; in training the gradient does not reach the previous state.
struct DetachedInTraining {
  Param W;
  DetachedInTraining(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s, const StepContext& at) const {
    return {tanh(matmul(x, W) + (at.training() ? detach(s.h) : s.h))};
  }
};
EBB_CELL_NAMED(detached, "test-detached-in-training", DetachedInTraining, "a gradient that is wrong in training alone");

// Multiplicative noise in training, none in evaluation: correct in both.
struct NoisyInTraining {
  Param W;
  NoisyInTraining(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s, const StepContext& at) const {
    Var h = tanh(matmul(x, W) + s.h);
    return {at.training() ? h * at.normal("noise", h, 1, .1) : h};
  }
};
EBB_CELL_NAMED(noisy, "test-noisy-in-training", NoisyInTraining, "noise in training");

// The gradients are correct, but rows depend on each other.
struct CentredOverTheBatch {
  Param W;
  bool in_training_alone;
  CentredOverTheBatch(Builder p, CellSizes s)
      : W(p.matrix("W", s.input, s.hidden)),
        in_training_alone(p.choice("when", "always|training", "when rows are centred") == 1) {}
  Hidden step(const Var& x, const Hidden& s, const StepContext& at) const {
    Var h = tanh(matmul(x, W) + s.h);
    return {in_training_alone && !at.training() ? h : h - mean(h, 0, Keep::yes)};
  }
};
EBB_CELL_NAMED(centred, "test-centred", CentredOverTheBatch, "rows that depend on each other");

struct OneRowForAll {
  struct State {
    Var h, m;
  };
  Param W;
  OneRowForAll(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {
    p.state("h", &State::h, {s.hidden});
    p.state("m", &State::m, {s.hidden});
  }
  State step(const Var& x, const State& s) const {
    Var h = tanh(matmul(x, W) + s.h);
    return {.h = h, .m = mean(h, 0, Keep::yes)};
  }
};
EBB_CELL_NAMED(one_row, "test-one-row", OneRowForAll, "a state of one row");

struct MemoryFirst {  // so that the output is the memory, with a different width
  struct State {
    Var h, m;
  };
  Param W, V;
  MemoryFirst(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)), V(p.matrix("V", s.input, 2 * s.hidden)) {
    p.state("m", &State::m, {2 * s.hidden});
    p.state("h", &State::h, {s.hidden});
  }
  State step(const Var& x, const State& s) const { return {.h = tanh(matmul(x, W) + s.h), .m = s.m + matmul(x, V)}; }
};
EBB_CELL_NAMED(memory_first, "test-memory-first", MemoryFirst, "an output of the wrong width");

struct Logarithm {
  Param W;
  Logarithm(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s) const { return {log(sigmoid(matmul(x, W) + s.h) - 2)}; }
};
EBB_CELL_NAMED(logarithm, "test-logarithm", Logarithm, "never a number");

struct WatchesTwice {
  Param W;
  WatchesTwice(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s) const {
    const Var a = watch("a", matmul(x, W));
    return {watch("a", tanh(a + s.h))};
  }
};
EBB_CELL_NAMED(watches_twice, "test-watches-twice", WatchesTwice, "one name for two values");

struct Idle {
  Param W, idle;
  Idle(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)), idle(p.vector("idle", s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s) const { return {tanh(matmul(x, W) + s.h)}; }
};
EBB_CELL_NAMED(idle, "test-idle", Idle, "a parameter without influence");

class ForgetsItsInput final : public CellWrapper {
 public:
  using CellWrapper::CellWrapper;
  State step(const Var& x, const State& s, const StepContext& at) const override {
    return inner().step(detach(x), s, at);
  }
};

std::vector<std::string> wrong_inputs(const GradcheckReport& r) {
  std::vector<std::string> names;
  for (const GradcheckEntry& e : r.entries)
    if (!e.ok) names.push_back(e.input + (e.pass == "both" ? "" : " in " + e.pass));
  return names;
}

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

TEST_CASE("A gradient that is wrong only in training fails the check, which reports that") {
  const GradcheckReport report = gradcheck_cell("test-detached-in-training");
  CHECK_FALSE(report.ok());
  CHECK(wrong_inputs(report) == std::vector<std::string>{"cell/W in training", "x in training", "start/h in training"});
}

TEST_CASE("A cell with noise is checked in training and evaluation, one without only once") {
  const GradcheckReport noisy = gradcheck_cell("test-noisy-in-training", {{.order = 2}}), plain = gradcheck_cell("rnn");
  CHECK(noisy.ok());
  int training = 0, evaluation = 0;
  for (const GradcheckEntry& e : noisy.entries) (e.pass == "training" ? training : evaluation) += 1;
  CHECK(training == 6);
  CHECK(evaluation == 6);
  for (const GradcheckEntry& e : plain.entries) CHECK(e.pass == "both");
}

TEST_CASE("A cell whose rows depend on each other fails the check, although its gradients are correct") {
  CHECK(gradcheck_cell("test-centred")
            .finding.rfind("a row's result depends on other rows: output of step 0, row 0 is ", 0) == 0);
  const std::string training = gradcheck_cell("test-centred:when=training").finding;
  CHECK(training.find("depends on other rows") != std::string::npos);
  CHECK(training.find("in training") != std::string::npos);
  const GradcheckReport one = gradcheck_cell("test-one-row");
  CHECK_FALSE(one.ok());
  CHECK(one.failure.find("step returned m as [1, 4]") != std::string::npos);
}

TEST_CASE("A cell whose output has the wrong width fails the check") {
  const GradcheckReport report = gradcheck_cell("test-memory-first");
  CHECK_FALSE(report.ok());
  INFO(report.failure);
  CHECK(report.failure.starts_with("cell test-memory-first: output is [4, 8], expected [rows, hidden], [4, 4] ("));
  CHECK(report.failure.find("gradcheck_cell_test.cpp:") != std::string::npos);  // the line of the output
}

TEST_CASE("A cell that watches two values by one name fails the check") {
  const GradcheckReport report = gradcheck_cell("test-watches-twice");
  CHECK_FALSE(report.ok());
  INFO(report.failure);
  CHECK(report.failure.find("'a'") != std::string::npos);
  CHECK(report.failure.find("gradcheck_cell_test.cpp:") != std::string::npos);
}

TEST_CASE("A cell that gives NaN fails the check with the op and the line, and is not reported as random") {
  const GradcheckReport report = gradcheck_cell("test-logarithm");
  CHECK_FALSE(report.ok());
  CHECK(report.deterministic);
  CHECK(report.finding.find(
            "not finite: log has the first value that is not finite, time step 0 (gradcheck_cell_test.cpp:") == 0);
}

TEST_CASE("A parameter without influence is noted, and is not an error") {
  const GradcheckReport report = gradcheck_cell("test-idle");
  CHECK(report.ok());
  for (const GradcheckEntry& e : report.entries) CHECK(e.influence == (e.input != "cell/idle"));
}

TEST_CASE(
    "A wrapper is checked with its parameters, inputs and initial state, for float32 Params that are not changed") {
  Params w{{.seed = 3}};
  const CellPtr plain = make_cell("lstm", w / "cell", {3, 4}), wrapped(new ForgetsItsInput(plain));
  const Array before = w.flat().copy();
  const GradcheckReport right = gradcheck_cell(*plain, w, {3, 4}, {{.order = 2}});
  std::ostringstream text;
  text << right;
  INFO(text.str());
  CHECK(right.ok());
  CHECK(wrong_inputs(gradcheck_cell(*wrapped, w, {3, 4})) == std::vector<std::string>{"x"});
  for (std::int64_t i = 0; i < before.size(); ++i) CHECK(w.flat().at_flat(i) == before.at_flat(i));
  CHECK(w.count() == 3);
}

TEST_CASE("The shipped wrappers pass the check in training and evaluation") {
  Params w;
  const CellPtr lstm = make_cell("lstm", w / "cell", {3, 4});
  for (const CellPtr& cell :
       {CellPtr(new Zoneout(lstm, .3)), CellPtr(new DropoutCell(lstm, {.input = .2, .state = .4}))}) {
    const GradcheckReport report = gradcheck_cell(*cell, w, {3, 4});
    std::ostringstream text;
    text << report;
    INFO(text.str());
    CHECK(report.ok());
  }
}

}  // namespace gradcheck_cell_test
