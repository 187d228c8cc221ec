#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/optim/optimizer_list.hpp>

#include "catch.hpp"
#include "train_quick.hpp"

namespace try_out_test {

namespace {

using namespace ebb;
using namespace ebb::app;

/// It requests one memory and uses two.
struct TwoMemoriesOptions {
  double lr = .1;
};
class TwoMemories final : public Optimizer {
 public:
  using Options = TwoMemoriesOptions;
  TwoMemories(const LeafSet& set, TwoMemoriesOptions o) : Optimizer("twomem", set, o.lr, 0, 1) {}

 private:
  void update(const Slice<float>& s) override { s.memory[1][0] += s.g[0]; }
  void update(const Slice<double>& s) override { s.memory[1][0] += s.g[0]; }
};
EBB_OPTIMIZER(twomem, TwoMemories, "uses a memory that it did not request (made by the tests)");

/// Its fault is chosen by an option.
class Faulty final : public SimpleTask {
 public:
  static constexpr TaskOption options[] = {
      {.name = "fault",
       .help = "what is wrong",
       .takes = OneOf{"none", "empty", "swapped", "longer", "wider", "steps", "lr"}}};
  explicit Faulty(Inputs& in) : fault_(in.own.choose("fault", "none")) {}
  TaskInfo info() const override { return {.baseline = 1, .baseline_about = "always the mean"}; }
  SimpleSizes sizes() const override { return {.inputs = ValueInputs{1}, .outputs = 1}; }
  TaskSettings settings(Size) const override {
    TaskSettings s{.hidden = 3, .length = 20, .batch = 16, .steps = 2};
    if (fault_ == "steps") s.steps = -1;
    if (fault_ == "lr") s.lr = 0;
    return s;
  }
  void check_sizes(const TaskSettings& s) const override {
    if (s.length < 4) throw ValueError("--length must be at least 4");
  }
  Batch batch(const BatchRequest& r) const override {
    int T = r.length, B = r.rows;
    if (fault_ == "swapped") std::swap(T, B);
    T += fault_ == "longer";
    B += fault_ == "wider";
    const Array x = uniform({T, B, 1}, Key{r.seed}.at(r.number), 0, 1);
    return SimpleBatch{.inputs = x, .targets = LastStep{x[T - 4]}};
  }
  int batches(Split s, int, int) const override { return fault_ == "empty" && s == Split::test ? 0 : 1; }

 private:
  std::string fault_;
};
EBB_TASK(faulty_own, Faulty, "a task with a fault (made by the tests)");

}  // namespace

TEST_CASE("a fault of an optimiser's update is found before the folder of the run exists") {
  TempFolder folder;
  const std::string message = "twomem: there is no memory[1]; memories requested by the constructor: 1";
  for (std::vector<std::string> words : {std::vector<std::string>{"train", "adding"},
                                         {"vanish", "--cells", "rnn", "--tasks", "adding"},
                                         {"clip"},
                                         {"tbptt"}}) {
    CAPTURE(words[0]);
    for (const std::string& word : {std::string("--quick"), std::string("--optimizer"), std::string("twomem"),
                                    std::string("--out"), folder / "out"})
      words.push_back(word);
    check_rejected(ebb_command(words), message);
    CHECK_FALSE(std::filesystem::exists(folder / "out"));
  }
}

TEST_CASE("a fault of a task's sizes, batches or settings is found before the folder of the run exists") {
  TempFolder folder;
  const auto rejected = [&](const char* fault, const std::string& message) {
    CAPTURE(fault);
    check_rejected(ebb_command({"train", "faulty_own", "--fault", fault, "--out", folder / "out"}),
                   "the task 'faulty_own': " + message);
    CHECK_FALSE(std::filesystem::exists(folder / "out"));
  };
  rejected("empty", "batches(test, 20, 16) must be at least 1, but is 0");
  const std::string requested = ", but T = 20 and B = 16 were requested: [20, 16, 1], time first";
  rejected("swapped", "its batches have inputs [16, 20, 1]" + requested);
  rejected("longer", "its batches have inputs [21, 16, 1]" + requested);
  rejected("wider", "its batches have inputs [20, 17, 1]" + requested);
  rejected("steps", "its settings() have .steps = -1, which must be at least 0");
  rejected("lr", "its settings() have .lr = 0, which must be above 0 and finite");
}

TEST_CASE("evaluating at a length that the task rejects is the task's error") {
  TempFolder folder;
  REQUIRE(ebb_command({"train", "faulty_own", "--out", folder / "out"}).code == 0);
  const std::string weights = folder / "out/weights.safetensors";
  check_rejected(ebb_command({"evaluate", "--weights", weights, "--length", "3"}), "--length must be at least 4");
  CHECK(ebb_command({"evaluate", "--weights", weights, "--length", "4"}).code == 0);
}

}  // namespace try_out_test
