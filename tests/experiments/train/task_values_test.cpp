#include <algorithm>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/ops/elementwise.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

using Catch::Matchers::Contains;

namespace {

using namespace ebb;
using namespace ebb::app;

/// Of T random numbers, one is asked for after the last: a task with options of its own, in one file.
class Recall final : public SimpleTask {
 public:
  static constexpr TaskOption options[] = {
      {.name = "which", .type = "N", .help = "which number is asked for, from the first", .low = 0, .high = 4},
      {.name = "sign", .type = "WHICH", .help = "of what is asked for: plus or minus"}};
  explicit Recall(Inputs& in) : which_(in.own.choose_whole("which", 1)), sign_(in.own.choose("sign", "plus")) {
    check_name("sign", sign_, {"plus", "minus"});
  }
  TaskInfo info() const override { return {.baseline = 1.0 / 12, .baseline_about = "always the mean"}; }
  SimpleSizes sizes() const override { return {.inputs = ValueInputs{1}, .outputs = 1}; }
  TaskSettings settings(Size) const override { return {.hidden = 4, .length = 6, .batch = 4, .steps = 5, .lr = 1e-2}; }
  Batch batch(const BatchRequest& r) const override {
    const Key key = Key{r.split == Split::train ? r.seed : 0}.named("recall").at(r.number);
    const Array x = uniform({r.length, r.rows, 1}, key, 0, 1);
    const double sign = sign_ == "plus" ? 1 : -1;
    return SimpleBatch{.inputs = x, .targets = LastStep{x[std::min(which_, r.length - 1)] * sign}};
  }
  int batches(Split, int, int rows) const override { return (16 + rows - 1) / rows; }
  std::string data() const override { return "number " + std::to_string(which_) + ", " + sign_; }

 private:
  int which_;
  std::string sign_;
};
EBB_TASK(recall_own, Recall, "one of many numbers (made by the tests)");

}  // namespace

TEST_CASE("an option that a task declares reaches it from the command line, config.toml and the weights") {
  TempFolder folder;
  const Outcome o = ebb_command({"train", "recall_own", "--which", "3", "--sign", "minus", "--threads", "1", "--seeds",
                                 "1", "--out", folder / "run"});
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  const std::string config = read_all(folder / "run/config.toml");
  CHECK_THAT(config,
             Contains("which = \"3\"\n") && Contains("sign = \"minus\"\n") && !Contains("ahead") && !Contains("order"));
  const Trained t = Trained::read(folder / "run/weights.safetensors", "", "");
  CHECK(t.architecture.inputs.own["which"] == "3");
  CHECK(t.task->data() == "number 3, minus");
  const Outcome again = ebb_command({"train", "--config", folder / "run/config.toml", "--out", folder / "again"});
  INFO(again.out << again.err);
  CHECK(again.code == 0);
  CHECK(read_all(folder / "again/weights.safetensors") == read_all(folder / "run/weights.safetensors"));
  const Outcome defaults =
      ebb_command({"train", "recall_own", "--threads", "1", "--seeds", "1", "--out", folder / "defaults"});
  REQUIRE(defaults.code == 0);
  CHECK_THAT(read_all(folder / "defaults/config.toml"), Contains("which = \"1\"\n") && Contains("sign = \"plus\"\n"));
}

TEST_CASE("an option that a task does not declare, or a value that it cannot have, is an error before any work") {
  TempFolder folder;
  const auto rejected = [&](std::vector<std::string> words, const std::string& why) {
    words.insert(words.end(), {"--quick", "--out", folder / "out"});
    const Outcome o = ebb_command(words);
    INFO(o.err);
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Contains(why));
  };
  rejected({"train", "recall_own", "--which", "5"}, "--which must be a whole number from 0 to 4, not '5'");
  rejected({"train", "recall_own", "--which", "2.5"}, "not '2.5'");
  rejected({"train", "recall_own", "--sign", "plsu"}, "unknown sign 'plsu'; did you mean 'plus'?");
  rejected({"train", "adding", "--which", "2"}, "--which says nothing to the task 'adding'");
  rejected({"train", "recall_own", "--ahead", "2"}, "--ahead says nothing to the task 'recall_own'");
  rejected({"train", "series", "--ahead", "100001"}, "--ahead must be a whole number from 0 to 100000");
  CHECK_THAT(ebb_command({"train", "--help"}).out,
             Contains("--which N") && Contains("recall_own: which number is asked for"));
  CHECK_THAT(ebb_command({"compare", "--help"}).out, Contains("--which N"));
}

TEST_CASE("a number that says the same as none is none: a config.toml of version 0.1.0 has ahead = 0 for every task") {
  TempFolder folder;
  write_all(folder / "old.toml", "task = \"adding\"\nahead = 0\nsteps = 3\n");
  const Outcome o = ebb_command(
      {"train", "--quick", "--threads", "1", "--seeds", "1", "--config", folder / "old.toml", "--out", folder / "out"});
  INFO(o.out << o.err);
  CHECK(o.code == 0);
}

TEST_CASE("values that were chosen stay where options point") {
  TaskValues values;
  std::string& which = values["which"];
  CHECK(values.choose("which", "4") == "4");
  CHECK(values.choose_whole("which", 7) == 4);
  values.take({{"which", "2"}, {"other", "1"}});
  CHECK((which == "2" && values.all().size() == 1));
  values["which"] = "two";
  CHECK_THROWS_WITH(values.choose_whole("which", 1), Contains("--which must be a whole number, not 'two'"));
}
