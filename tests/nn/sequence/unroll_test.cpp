#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/error.hpp>

#include "arrays.hpp"
#include "catch.hpp"

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

// Shapes mismatch at the third step.
struct Misfit {
  Param W;
  Misfit(Builder p, CellSizes s) : W(p.matrix("W", 2 * s.hidden, s.hidden)) {}
  Hidden step(const Var&, const Hidden& s, const StepContext& at) const {
    if (at.time() == 2) return {matmul(concat({s.h, s.h}), transpose(W))};  // the message must name this line
    return {s.h};
  }
};
EBB_CELL_NAMED(misfit, "test-misfit", Misfit, "a product that does not fit at step 2");

// The state broadcasts to a width other than declared.
struct Grows {
  Grows(Builder, CellSizes) {}
  Hidden step(const Var&, const Hidden& s, const StepContext& at) const {
    return {at.time() == 1 ? s.h + zeros({1, 5}) : s.h};
  }
};
EBB_CELL_NAMED(grows, "test-grows", Grows, "a state that does not keep its width");

// A field returned in place of a wider one.
struct HandsOn {
  struct State {
    Var h, c;
  };
  HandsOn(Builder p, CellSizes s) {
    p.state("h", &State::h, {s.hidden});
    p.state("c", &State::c, {2 * s.hidden});
  }
  State step(const Var&, const State& s) const { return {.h = tanh(s.h), .c = s.h}; }
};
EBB_CELL_NAMED(hands_on, "test-hands-on", HandsOn, "a field in place of another");

// h' = h + t + coin, which shows the step's context.
struct Told {
  Told(Builder, CellSizes) {}
  Hidden step(const Var&, const Hidden& s, const StepContext& at) const { return {s.h + double(at.time())}; }
};
EBB_CELL_NAMED(told, "test-told", Told, "adds the time to its state");

}  // namespace

TEST_CASE("A cell is run over all steps from its own initial state, or from a given one") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("rnn", w / "rnn", {2, 3});
  Tape tape{{.dtype = f64}};
  const Sequence x(constant(uniform({4, 5, 2}, Key{1}, -1, 1, f64)));
  const Run run = unroll(*cell, x, StepContext{});
  REQUIRE(run.steps() == 4);
  CHECK(run.all().shape() == Shape{4, 5, 3});
  CHECK(test::same_bits(run.all().value()[3], run.last().value()));
  CHECK(test::same_bits(run[3].value(), run.end()["h"].value()));
  REQUIRE(run.states("h").size() == 4);
  CHECK(test::same_bits(run.states("h")[1].value(), run[1].value()));

  State s = cell->initial_state(5);
  for (int t = 0; t < 4; ++t) s = cell->step(x[t], s, StepContext{});
  CHECK(test::same_bits(s["h"].value(), run.last().value()));
  const Run second = unroll(*cell, Sequence(range(x.all(), 2, 4)),
                            unroll(*cell, Sequence(range(x.all(), 0, 2)), StepContext{}).end(), StepContext{});
  CHECK(test::same_bits(second.last().value(), run.last().value()));
}

TEST_CASE("A step receives the time") {
  Params w;
  const CellPtr cell = make_cell("test-told", w / "", {1, 1});
  Tape tape;
  CHECK(unroll(*cell, Sequence(zeros({5, 1, 1})), StepContext{}).last().item() == 0 + 1 + 2 + 3 + 4);
}

TEST_CASE("Shapes that do not fit are reported with op, both shapes, the cell's line and the time step") {
  Params w;
  const CellPtr cell = make_cell("test-misfit", w / "", {1, 2});
  Tape tape;
  const std::string message = message_of<ShapeError>([&] { unroll(*cell, Sequence(zeros({9, 1, 1})), StepContext{}); });
  INFO(message);
  CHECK(contains(message, "matmul"));
  CHECK(contains(message, "[1, 4]"));
  CHECK(contains(message, "[4, 2]"));  // a transposed operand is named by its shape before transposition
  CHECK(contains(message, "unroll_test.cpp:20"));
  CHECK(contains(message, "time step 2"));
}

TEST_CASE("An input of the wrong width names the product, the shapes, the shipped cell's line and the step") {
  Params w;
  const CellPtr cell = make_cell("lstm", w / "", {3, 4});
  Tape tape;
  const std::string message = message_of<ShapeError>([&] { unroll(*cell, Sequence(zeros({6, 2, 5})), StepContext{}); });
  INFO(message);
  CHECK(contains(message, "matmul"));
  CHECK(contains(message, "[2, 5]"));
  CHECK(contains(message, "[3, 16]"));
  CHECK(contains(message, "lstm.cpp:"));
}

TEST_CASE("Empty sequences, wrong ranks and initial states of another cell are rejected") {
  Params w;
  const CellPtr rnn = make_cell("rnn", w / "a", {3, 4}), lstm = make_cell("lstm", w / "b", {3, 4});
  Tape tape;
  CHECK_THROWS_AS(unroll(*rnn, Sequence(), StepContext{}), ValueError);
  CHECK_THROWS_AS(unroll(*rnn, Sequence(zeros({0, 2, 3})), StepContext{}), ValueError);
  CHECK_THROWS_AS(unroll(*rnn, Sequence(zeros({2, 3})), StepContext{}), ShapeError);
  CHECK_THROWS_AS(unroll(*rnn, Sequence(zeros({2, 2, 3})), lstm->initial_state(2), StepContext{}), ShapeError);
  const std::string message =
      message_of<ShapeError>([&] { unroll(*rnn, Sequence(zeros({2, 2, 3})), rnn->initial_state(5), StepContext{}); });
  CHECK(contains(message, "[5, 4]"));
  CHECK(contains(message, "2 rows"));
}

TEST_CASE("A state of the wrong shape is reported by field and origin, by unroll and by a single step") {
  Params w;
  const CellPtr lstm = make_cell("lstm", w / "", {3, 4});
  Tape tape;
  State s = lstm->initial_state(2);
  s["c"] = zeros({3, 4});  // the line that the messages must name
  const std::string run = message_of<ShapeError>([&] { unroll(*lstm, Sequence(zeros({5, 2, 3})), s, StepContext{}); });
  CHECK(run == "unroll lstm: the initial c is [3, 4], but the cell needs 2 rows of [4] (unroll_test.cpp:129)");
  const auto step = [&](const State& given) {
    return message_of<ShapeError>([&] { lstm->step(zeros({2, 3}), given, StepContext{}); });
  };
  CHECK(step(s) == "cell lstm: step was given c as [3, 4] instead of 2 rows of [4] (unroll_test.cpp:129)");
  CHECK(contains(step(State{}), "step was given a state of 0 fields instead of 2"));
  CHECK(contains(message_of<ShapeError>([&] { lstm->step(zeros({2, 9}), lstm->initial_state(2), StepContext{}); }),
                 "matmul"));  // the state fits: the step's own error
}

TEST_CASE("A field that a step returns under another name is reported as that field, not by a line outside the cell") {
  Params w;
  const CellPtr cell = make_cell("test-hands-on", w / "", {1, 2});
  Tape tape;
  CHECK(message_of<ShapeError>([&] { unroll(*cell, Sequence(zeros({3, 1, 1})), StepContext{}); }) ==
        "cell test-hands-on: step returned c as [1, 2], but declared 1 row of [4], which is the h that the step "
        "received");
}

TEST_CASE("A state whose shape differs from the declared one is rejected at the step that returns it") {
  Params w;
  const CellPtr cell = make_cell("test-grows", w / "", {1, 1});
  Tape tape;
  const std::string message = message_of<ShapeError>([&] { unroll(*cell, Sequence(zeros({3, 1, 1})), StepContext{}); });
  INFO(message);
  CHECK(contains(message, "test-grows"));
  CHECK(contains(message, "h as [1, 5]"));
  CHECK(contains(message, "unroll_test.cpp:"));
  CHECK(contains(message, "time step 1"));
}
