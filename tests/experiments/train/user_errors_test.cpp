#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <ebb/optim/schedule_list.hpp>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "train_quick.hpp"

namespace user_errors_test {

namespace {

using namespace ebb;
using namespace ebb::app;

/// A task with the place of its fault as an option.
class Wrong final : public SimpleTask {
 public:
  static constexpr TaskOption options[] = {
      {.name = "wrong",
       .help = "what is wrong",
       .takes = OneOf{"none", "inputs", "targets", "test", "later", "shapes", "later-shapes", "wide", "foreign", "made",
                      "batch", "sizes", "settings", "check", "batches", "info"}}};
  explicit Wrong(Inputs& in) : wrong_(in.own.choose("wrong", "none")) { fails("made"); }
  TaskInfo info() const override { return fails("info"), TaskInfo{.baseline = 1, .baseline_about = "the mean"}; }
  SimpleSizes sizes() const override { return fails("sizes"), SimpleSizes{.inputs = ValueInputs{2}, .outputs = 1}; }
  TaskSettings settings(Size) const override {
    return fails("settings"), TaskSettings{.hidden = 3, .length = 5, .batch = 4, .steps = 3};
  }
  void check_sizes(const TaskSettings&) const override { fails("check"); }
  Batch batch(const BatchRequest& r) const override {
    fails("batch");
    Array x = uniform({r.length, r.rows, 2}, Key{r.seed}.at(r.number), 0, 1);
    Array y = uniform({r.rows, 1}, Key{r.seed}.at(r.number), 0, 1);
    if (wrong_ == "inputs") x.set_flat(2 * r.rows + 3, std::numeric_limits<double>::quiet_NaN());
    if (wrong_ == "later" && r.number == 2) x.set_flat(2, std::numeric_limits<double>::quiet_NaN());
    if (wrong_ == "targets") y.set_flat(2, -std::numeric_limits<double>::infinity());
    if (wrong_ == "test" && r.split == Split::test) y.set_flat(0, std::numeric_limits<double>::quiet_NaN());
    if (wrong_ == "shapes") return SimpleBatch{.inputs = x + Array::zeros({3, 3}, f32), .targets = LastStep{y}};
    if (wrong_ == "later-shapes" && r.number == 2) return SimpleBatch{.inputs = x[r.length], .targets = LastStep{y}};
    if (wrong_ == "wide" && r.number == 2) y = Array::zeros({r.rows, 2}, f32);
    if (wrong_ == "foreign") throw 42;
    return SimpleBatch{.inputs = x, .targets = LastStep{y}};
  }
  int batches(Split, int, int) const override { return fails("batches"), 1; }

 private:
  void fails(const char* where) const {
    if (wrong_ == where) throw std::runtime_error("it broke");
  }
  std::string wrong_;
};
EBB_TASK(wrong_own, Wrong, "a task that breaks (made by the tests)");

/// Cells that break in the step, the output or the constructor, and one with an output of the wrong width.
struct Breaks {
  Param W;
  int where;
  Breaks(Builder p, CellSizes s)
      : W(p.matrix("W", s.input, s.hidden)), where(p.choice("where", "step|output|made|width", "what is wrong")) {
    if (where == 2) throw std::runtime_error("it broke");
  }
  Hidden step(const Var& x, const Hidden& s) const {
    if (where == 0) (void)std::vector<int>().at(1);
    return {tanh(matmul(x, W) + s.h)};
  }
  Var output(const Var&, const Hidden& s) const {
    if (where == 1) throw std::runtime_error("it broke");
    return where == 3 ? concat({s.h, s.h}) : s.h;
  }
};
EBB_CELL_NAMED(breaks, "breaks-own", Breaks, "a cell that breaks (made by the tests)");

struct BrittleOptions {
  double lr = .1;
  std::string where = "update";
  void declare(GivenOptions& given) {
    given("where", where, "what is wrong");
    if (where == "declared") throw std::runtime_error("it broke");
  }
};
class Brittle final : public Optimizer {
 public:
  using Options = BrittleOptions;
  Brittle(const LeafSet& set, const BrittleOptions& o) : Optimizer("brittle-own", set, o.lr, 0, 0) {
    if (o.where == "made") throw std::runtime_error("it broke");
  }

 private:
  void update(const Slice<float>&) override { throw std::runtime_error("it broke"); }
  void update(const Slice<double>&) override { throw std::runtime_error("it broke"); }
};
EBB_OPTIMIZER_NAMED(brittle, "brittle-own", Brittle, "an optimiser that breaks (made by the tests)");

Schedule snapping(GivenOptions& o, const ScheduleSpan& s) {
  const bool late = o.flag("late", false, "whether it breaks only when it is asked for a rate");
  if (!late) throw std::runtime_error("it broke");
  return [lr = s.lr](std::int64_t u) { return u < 1 ? lr : throw std::runtime_error("it broke"); };
}
EBB_SCHEDULE_NAMED(snapping, "snapping-own", snapping, "a schedule that breaks (made by the tests)");

Outcome train_own(std::vector<std::string> words, const TempFolder& folder) {
  words.insert(words.begin(), "train");
  words.insert(words.end(), {"--threads", "1", "--out", folder / "out"});
  return ebb_command(words);
}

void rejected(const std::vector<std::string>& words, const std::string& message) {
  TempFolder folder;
  CAPTURE(words);
  check_rejected(train_own(words, folder), message);
  CHECK_FALSE(std::filesystem::exists(folder / "out"));
}

}  // namespace

TEST_CASE("a value of a task's batch that is not finite is found before the folder of the run exists") {
  rejected({"wrong_own", "--wrong", "inputs"},
           "the task 'wrong_own': in batch 0 of the train split, the inputs [5, 4, 2] are nan at [1, 1, 1]");
  rejected({"wrong_own", "--wrong", "targets"},
           "the task 'wrong_own': in batch 0 of the train split, the targets [4, 1] are -inf at [2, 0]");
  rejected({"wrong_own", "--wrong", "test"},
           "the task 'wrong_own': in batch 0 of the test split, the targets [4, 1] are nan at [0, 0]");
}

TEST_CASE("a value of a later batch that is not finite is named as the cause of the divergence") {
  TempFolder folder;
  const Outcome o = train_own({"wrong_own", "--wrong", "later"}, folder);
  CHECK(o.code == 1);
  CHECK_THAT(o.err, Catch::Matchers::Contains("step 3: the loss is not a number; in batch 2 of the train split, the "
                                              "inputs [5, 4, 2] are nan at [0, 1, 0]"));
}

TEST_CASE("an error of an array function in a task's batch names the task and the batch") {
  const std::string where = " (the task 'wrong_own', in batch 0 of the train split)";
  TempFolder folder;
  const Outcome first = train_own({"wrong_own", "--wrong", "shapes"}, folder);
  CHECK(first.code == 2);
  CHECK_THAT(first.err, Catch::Matchers::Contains("[5, 4, 2]") && Catch::Matchers::Contains(where));
  CHECK_FALSE(std::filesystem::exists(folder / "out"));
  const Outcome later = train_own({"wrong_own", "--wrong", "later-shapes"}, folder);
  CHECK(later.code == 2);
  CHECK_THAT(later.err, Catch::Matchers::Contains(" (the task 'wrong_own', in batch 2 of the train split)"));
}

TEST_CASE("every batch is compared with the sizes of its task, and a run that ends with an error can be resumed") {
  TempFolder folder;
  const Outcome o = train_own({"wrong_own", "--wrong", "wide", "--checkpoint-every", "1"}, folder);
  CHECK(o.code == 2);
  CHECK_THAT(o.err, Catch::Matchers::Contains("the values of LastStep must be [4, 1], not [4, 2]") &&
                        Catch::Matchers::Contains("in batch 2 of the train split") &&
                        Catch::Matchers::Contains("; to resume: ebb train --resume " + folder / "out"));
  const Outcome again = ebb_command({"train", "--resume", folder / "out"});
  CHECK_THAT(again.out, Catch::Matchers::Contains("resuming after 2 updates"));
}

TEST_CASE("an exception that is not a std::exception is an error of the task that threw it") {
  rejected({"wrong_own", "--wrong", "foreign"}, "the task 'wrong_own' threw an exception that is not a std::exception");
}

TEST_CASE("a task that this program lacks is named although its own option is unknown") {
  TempFolder folder;
  const Outcome o = ebb_command({"train", "wrong_one", "--not-an-option", "3", "--out", folder / "out"});
  CHECK(o.code == 2);
  CHECK_THAT(o.err, Catch::Matchers::Contains("this program has no task 'wrong_one' (did you mean 'wrong_own'?)"));
}

TEST_CASE("an exception of a user's task, cell, optimiser or schedule is an error of that thing, not an internal one") {
  for (const char* where : {"made", "batch", "sizes", "settings", "check", "batches", "info"})
    rejected({"wrong_own", "--wrong", where}, "the task 'wrong_own' threw an exception: it broke");
  rejected({"wrong_own", "--cell", "breaks-own"}, "the cell 'breaks-own' threw an exception: vector::");
  for (const char* where : {"output", "made"})
    rejected({"wrong_own", "--cell", std::string("breaks-own:where=") + where},
             "the cell 'breaks-own' threw an exception: it broke");
  for (const char* where : {"update", "declared", "made"})
    rejected({"wrong_own", "--optimizer", std::string("brittle-own:where=") + where},
             "the optimiser 'brittle-own' threw an exception: it broke");
  rejected({"wrong_own", "--schedule", "snapping-own"}, "the schedule 'snapping-own' threw an exception: it broke");
  TempFolder folder;
  const Outcome late = train_own({"wrong_own", "--schedule", "snapping-own:late=true"}, folder);
  CHECK(late.code == 2);
  CHECK_THAT(late.err, Catch::Matchers::Contains("the schedule 'snapping-own' threw an exception: it broke"));
}

TEST_CASE("training names a cell whose output has another width, and both widths") {
  for (const char* layers : {"1", "2"})
    rejected({"wrong_own", "--cell", "breaks-own:where=width", "--layers", layers},
             "cell breaks-own: output is [2, 6], expected [rows, hidden], [2, 3] (user_errors_test.cpp:");
}

}  // namespace user_errors_test
