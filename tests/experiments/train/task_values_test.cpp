#include <algorithm>
#include <cctype>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/ops/elementwise.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace task_values_test {

using Catch::Matchers::Contains;

namespace {

using namespace ebb;
using namespace ebb::app;

/// Of T random numbers, one is asked for after the last: a task with options of its own, in one file.
class Recall final : public SimpleTask {
 public:
  static constexpr TaskOption options[] = {
      {.name = "which", .help = "which number is asked for, from the first", .takes = WholeNumber{0, 4}},
      {.name = "scale", .help = "factor of what is asked for", .takes = RealNumber{.5, 2}},
      {.name = "sign", .help = "of what is asked for: plus or minus", .takes = OneOf{"plus", "minus"}}};
  explicit Recall(Inputs& in)
      : which_(in.own.choose_whole("which", 1)), scale_(in.own.choose_real("scale", .5)),
        sign_(in.own.choose("sign", "plus")) {}
  TaskInfo info() const override { return {.baseline = 1.0 / 12, .baseline_about = "always the mean"}; }
  SimpleSizes sizes() const override { return {.inputs = ValueInputs{1}, .outputs = 1}; }
  TaskSettings settings(Size) const override { return {.hidden = 4, .length = 6, .batch = 4, .steps = 5, .lr = 1e-2}; }
  Batch batch(const BatchRequest& r) const override {
    const Key key = Key{r.split == Split::train ? r.seed : 0}.named("recall").at(r.number);
    const Array x = uniform({r.length, r.rows, 1}, key, 0, 1);
    const double factor = sign_ == "plus" ? scale_ : -scale_;
    return SimpleBatch{.inputs = x, .targets = LastStep{x[std::min(which_, r.length - 1)] * factor}};
  }
  int batches(Split, int, int rows) const override { return (16 + rows - 1) / rows; }
  std::string data() const override {
    return "number " + std::to_string(which_) + ", " + sign_ + ", " + std::to_string(scale_);
  }

 private:
  int which_;
  double scale_;
  std::string sign_;
};
EBB_TASK(recall_own, Recall, "one of many numbers (made by the tests)");

/// Commands that are rejected with a message that has these words.
struct Rejects {
  TempFolder folder{};
  void operator()(std::vector<std::string> words, const std::string& why) const {
    words.insert(words.end(), {"--quick", "--out", folder / "out"});
    const Outcome o = ebb_command(words);
    INFO(o.err);
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Contains(why));
  }
};

}  // namespace

TEST_CASE("an option that a task declares can be set by the command line, config.toml and the weights") {
  TempFolder folder;
  const Outcome o = ebb_command({"train", "recall_own", "--which", "3", "--sign", "minus", "--scale", "1.25",
                                 "--threads", "1", "--seeds", "1", "--out", folder / "run"});
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  const std::string config = read_all(folder / "run/config.toml");
  CHECK_THAT(config, Contains("which = \"3\"\n") && Contains("sign = \"minus\"\n") && Contains("scale = \"1.25\"\n") &&
                         !Contains("ahead") && !Contains("order"));
  const auto recorded = summary_of(folder / "run")["options"];
  CHECK((recorded["which"] == 3 && recorded["sign"] == "minus" && recorded["scale"] == 1.25));
  const Trained t = Trained::read(folder / "run/weights.safetensors", "", "");
  CHECK(t.architecture.inputs.own["which"] == "3");
  CHECK(t.task->data() == "number 3, minus, 1.250000");
  const Outcome again = ebb_command({"train", "--config", folder / "run/config.toml", "--out", folder / "again"});
  INFO(again.out << again.err);
  CHECK(again.code == 0);
  CHECK(read_all(folder / "again/weights.safetensors") == read_all(folder / "run/weights.safetensors"));
  const Outcome defaults =
      ebb_command({"train", "recall_own", "--threads", "1", "--seeds", "1", "--out", folder / "defaults"});
  REQUIRE(defaults.code == 0);
  CHECK_THAT(read_all(folder / "defaults/config.toml"),
             Contains("which = \"1\"\n") && Contains("sign = \"plus\"\n") && Contains("scale = \"0.5\"\n"));
}

TEST_CASE("an undeclared task option or an invalid value is an error before any work") {
  const Rejects rejected;
  rejected({"train", "recall_own", "--which", "5"}, "--which must be a whole number from 0 to 4, not '5'");
  rejected({"train", "recall_own", "--which", "2.5"}, "not '2.5'");
  rejected({"train", "recall_own", "--scale", "3"}, "--scale must be a number from 0.5 to 2, not '3'");
  rejected({"train", "recall_own", "--scale", "nan"}, "--scale must be a number from 0.5 to 2, not 'nan'");
  rejected({"train", "recall_own", "--sign", "plsu"}, "unknown --sign 'plsu'; did you mean 'plus'?");
  rejected({"train", "adding", "--which", "2"}, "--which does not apply to the task 'adding'");
  rejected({"train", "recall_own", "--ahead", "2"}, "--ahead does not apply to the task 'recall_own'");
  rejected({"train", "series", "--ahead", "100001"}, "--ahead must be a whole number from 0 to 100000");
  CHECK_THAT(ebb_command({"train", "--help"}).out,
             Contains("--which N") && Contains("recall_own: which number is asked for"));
  CHECK_THAT(ebb_command({"compare", "--help"}).out, Contains("--which N"));
}

TEST_CASE("tasks may declare one option with words or ranges of their own, and each checks the value by its own") {
  const Rejects rejected;
  rejected({"train", "temporal-order", "--form", "bai"},
           "--form of the task 'temporal-order' must be pascanu or 6a or 6b, not 'bai'");
  rejected({"train", "copy", "--form", "arjovski"}, "unknown --form 'arjovski'; did you mean 'arjovsky'?");
  rejected({"train", "xor", "--delay", "0"}, "--delay must be a whole number from 1 to 9999, not '0'");
  std::string help;  // on one line
  for (const char c : ebb_command({"train", "--help"}).out)
    if (!std::isspace(static_cast<unsigned char>(c))) help += c;
    else if (!help.empty() && help.back() != ' ') help += ' ';
  for (const char* task : {"copy: whose version", "temporal-order: whose version"}) CHECK_THAT(help, Contains(task));
  const Outcome both = ebb_command({"vanish", "--tasks", "adding,copy", "--form", "bai", "--cells", "rnn", "--quick",
                                    "--steps", "2", "--lags", "10", "--out", rejected.folder / "both"});
  INFO(both.err);
  CHECK(both.code == 0);
}

TEST_CASE("a neutral value counts as unset: a config.toml of version 0.1.0 has ahead = 0 for every task") {
  TempFolder folder;
  write_all(folder / "old.toml", "task = \"adding\"\nahead = 0\nsteps = 3\n");
  const Outcome o = ebb_command(
      {"train", "--quick", "--threads", "1", "--seeds", "1", "--config", folder / "old.toml", "--out", folder / "out"});
  INFO(o.out << o.err);
  CHECK(o.code == 0);
}

TEST_CASE("chosen values stay where options point to them") {
  TaskValues values;
  std::string& which = values["which"];
  CHECK(values.choose("which", "4") == "4");
  CHECK(values.choose_whole("which", 7) == 4);
  values.take({{"which", "2"}, {"other", "1"}});
  CHECK((which == "2" && values.all().size() == 1));
  values["which"] = "two";
  CHECK_THROWS_WITH(values.choose_whole("which", 1), Contains("--which must be a whole number, not 'two'"));
}

TEST_CASE("a task that reads an option that it does not declare, or as another kind, is an error that names both") {
  constexpr TaskOption declared[] = {{.name = "lag", .help = "steps", .takes = WholeNumber{1, 99}},
                                     {.name = "noise", .help = "share", .takes = RealNumber{0, 1}},
                                     {.name = "order", .help = "of rows", .takes = OneOf{"kept", "reversed"}}};
  TaskValues values;
  values.belong_to("echo", declared);
  CHECK_THROWS_WITH(values.choose_whole("lagg", 3),
                    Contains("the task 'echo' reads the option 'lagg', which it does not "
                             "declare; did you mean 'lag'?"));
  CHECK_THROWS_WITH(values.choose("colour", "red"), Contains("it declares lag, noise, order"));
  CHECK_THROWS_WITH(
      values.choose("lag", "3"),
      Contains("the option 'lag' of the task 'echo' is a whole number from 1 to 99: read it with choose_whole"));
  CHECK_THROWS_WITH(
      values.choose_whole("noise", 1),
      Contains("the option 'noise' of the task 'echo' is a number from 0 to 1: read it with choose_real"));
  CHECK_THROWS_WITH(values.choose_real("order", 1), Contains("read it with choose"));
  CHECK_THROWS_WITH(values.choose_whole("lag", 0),
                    Contains("the default of the option 'lag' of the task 'echo' must be a "
                             "whole number from 1 to 99, not '0'"));
  CHECK_THROWS_WITH(values.choose_whole("lag", 2.5),
                    Contains("the default of the option 'lag' of the task 'echo' must be a "
                             "whole number from 1 to 99, not '2.5'"));
  CHECK(values.choose_real("noise", .125) == .125);
  CHECK(values.choose("order", "kept") == "kept");
}

}  // namespace task_values_test
