#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/bidirectional.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/error.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace unroll_test {

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

struct WideOutput {
  Param W;
  WideOutput(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s) const { return {tanh(matmul(x, W) + s.h)}; }
  Var output(const Var&, const Hidden& s) const { return concat({s.h, s.h}); }
};
EBB_CELL_NAMED(wide_output, "test-wide-output", WideOutput, "an output of twice the width");

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
  CHECK(contains(message, "unroll_test.cpp:26"));
  CHECK(contains(message, "time step 2"));
}

TEST_CASE("An input of the wrong width names the cell, both widths and the caller's line, in every kind of run") {
  Params w;
  const CellPtr cell = make_cell("lstm", w / "", {3, 4}), stack = make_stack("gru", w / "stack", {3, 4}, 2);
  const LayerPtr layer = layer_of(cell, 4);
  Tape tape;
  const Sequence x(zeros({6, 2, 5}));
  const Lengths lengths = integers({2}, Key{1}, 5, 6);
  const Packed packed = pack(x, lengths);
  const State none;
  const StepContext at;
  const auto said = [](const auto& run) { return message_of<ShapeError>(run); };
  const auto here = [](int line) { return " (unroll_test.cpp:" + std::to_string(line) + ")"; };
  const std::string wrong = "unroll lstm: x is [6, 2, 5], but the cell needs inputs of width 3",
                    wrong_packed = "unroll lstm: x is [10, 5], but the cell needs inputs of width 3";
  CHECK(said([&] { unroll(*cell, x, at); }) == wrong + here(__LINE__));
  CHECK(said([&] { unroll(*cell, x, none, at); }) == wrong + here(__LINE__));
  CHECK(said([&] { unroll(*cell, x, lengths, at); }) == wrong + here(__LINE__));
  CHECK(said([&] { unroll(*cell, x, none, at, Direction::backward); }) == wrong + here(__LINE__));
  CHECK(said([&] { unroll(*cell, packed, at); }) == wrong_packed + here(__LINE__));
  CHECK(said([&] { bidirectional(*cell, *cell, x, at); }) == wrong + here(__LINE__));
  CHECK(said([&] { bidirectional(*cell, *cell, x, lengths, at); }) == wrong_packed + here(__LINE__));
  CHECK(said([&] { unroll(*layer, x, at); }) == wrong + here(__LINE__));
  CHECK(said([&] { unroll(*layer, x, lengths, at); }) == wrong + here(__LINE__));
  CHECK(said([&] { unroll(*layer, packed, at); }) == wrong_packed + here(__LINE__));
  CHECK(contains(said([&] { unroll(*stack, x, at); }), "needs inputs of width 3" + here(__LINE__)));
  const Var x0 = zeros({2, 5});
  const std::string made = here(__LINE__ - 1);
  CHECK(said([&] { cell->step(x0, cell->initial_state(2), at); }) ==
        "cell lstm: step was given x as [2, 5] instead of 2 rows of [3]" + made);
  CHECK(said([&] { step_jacobian(*cell, x0, cell->initial_state(2), at); }) ==
        "step_jacobian: x is [2, 5], but the cell needs 2 rows of [3]" + made);
}

TEST_CASE("A wrong initial state names a line of the caller, also for states from initial_state and for lengths") {
  Params w;
  const CellPtr cell = make_cell("gru", w / "", {3, 4}), lstm = make_cell("lstm", w / "b", {3, 4});
  Tape tape;
  const Sequence x(zeros({6, 2, 3}));
  const auto said = [](const auto& run) { return message_of<ShapeError>(run); };
  const State other = lstm->initial_state(2), many = cell->initial_state(5);
  const std::string here = "(unroll_test.cpp:" + std::to_string(__LINE__ - 1) + ")";
  const std::string wrong = "unroll gru: the initial h is [5, 4], but the cell needs 2 rows of [4] " + here;
  CHECK(said([&] { unroll(*cell, x, many, StepContext{}); }) == wrong);
  CHECK(said([&] { unroll(*cell, x, many, integers({2}, Key{1}, 5, 6), StepContext{}); }) == wrong);
  const std::string fields = said([&] { unroll(*cell, x, other, StepContext{}); });
  CHECK(fields == "unroll gru: the cell's state has 1 field, but the given initial state has 2 (unroll_test.cpp:" +
                      std::to_string(__LINE__ - 2) + ")");
  CHECK(said([&] { cell->step(x[0], many, StepContext{}); }) ==
        "cell gru: step was given h as [5, 4] instead of 2 rows of [4] " + here);
}

TEST_CASE("A cell whose output has another width than it was made for is named, with both widths") {
  Params w;
  const CellPtr cell = make_cell("test-wide-output", w / "", {3, 4});
  const CellPtr stack = make_stack("test-wide-output", w / "stack", {3, 4}, 2);
  Tape tape;
  const auto said = [](const auto& run) { return message_of<ShapeError>(run); };
  const std::string wrong =
      "cell test-wide-output: output is [2, 8], expected [rows, hidden], [2, 4] (unroll_test.cpp:";
  CHECK(contains(said([&] { unroll(*cell, Sequence(zeros({6, 2, 3})), StepContext{}); }), wrong));
  CHECK(contains(said([&] { unroll(*stack, Sequence(zeros({6, 2, 3})), StepContext{}); }), wrong));
  CHECK(said([&] { checked_output(*cell, zeros({2, 3}), cell->initial_state(2)); }).find(wrong) == 0);
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
  s["c"] = zeros({3, 4});
  const std::string line = " (unroll_test.cpp:" + std::to_string(__LINE__ - 1) + ")";
  const std::string run = message_of<ShapeError>([&] { unroll(*lstm, Sequence(zeros({5, 2, 3})), s, StepContext{}); });
  CHECK(run == "unroll lstm: the initial c is [3, 4], but the cell needs 2 rows of [4]" + line);
  const auto step = [&](const State& given) {
    return message_of<ShapeError>([&] { lstm->step(zeros({2, 3}), given, StepContext{}); });
  };
  CHECK(step(s) == "cell lstm: step was given c as [3, 4] instead of 2 rows of [4]" + line);
  CHECK(contains(step(State{}), "step was given a state of 0 fields instead of 2"));
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

}  // namespace unroll_test
