#include <fmt/format.h>
#include <cstdio>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/out_file.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/ops/parallel.hpp>
#include <filesystem>

namespace ebb::app {
namespace {

namespace fs = std::filesystem;

/// The loss of trained weights on a split that was not used for training; the weights file describes the model.
class EvaluateCommand final : public Command {
 public:
  void options(Options& o) override {
    threads_ = threads();
    o.add("--weights", weights_, "weights.safetensors of a run of ebb train").type("FILE").required().reads();
    o.add("--split", split_, "valid or test").type("NAME").one_of({"valid", "test"});
    o.add("--text", text_, "another text for a character model (default: the one it was trained on)")
        .type("FILE")
        .reads();
    o.add("--data", data_, "current path of the data (default: the path in training)").type("PATH").reads();
    o.add("--length", length_, "T, steps per sequence; 0: as in training").at_least(0).at_most(1'000'000);
    o.add("--batch", batch_, "B, sequences per batch; 0: as in training").at_least(0).at_most(1'000'000);
    o.add("--json", json_, "output file (default: evaluation-SPLIT.json in the folder of the weights)").type("FILE");
    o.add("--threads", threads_, "number of threads; results do not depend on it").at_least(1).at_most(1024);
    o.example("ebb evaluate --weights runs/shakespeare/weights.safetensors");
    o.example("ebb evaluate --weights runs/shakespeare/weights.safetensors --split valid --json valid.json");
    o.example("ebb evaluate --weights runs/adding/weights.safetensors --length 400      longer than in training");
  }

  int run() override {
    set_threads(threads_);
    if (!json_.empty()) OutFile{json_};  // checks before the work that it can be written
    const Trained t = Trained::read(weights_, text_, data_);
    if (!json_.empty()) OutFile{json_};  // again, because the weights name further inputs
    check_read("length", t.architecture.task, length_ > 0 && length_ != t.architecture.settings.length,
               !t.task->as<FixedLength>());
    TaskSettings s = t.architecture.settings;
    if (length_ > 0) s.length = length_;
    if (batch_ > 0) s.batch = batch_;
    const Split split = split_ == "valid" ? Split::valid : Split::test;
    const auto meter = meter_of(*t.task);
    const double loss = measured(t, split, s, meter.get());
    const std::vector<Measure> measures = meter ? meter->measures() : std::vector<Measure>{};
    const TaskInfo info = t.task->info();
    put(fmt::format("{}{}, {}: {} {} (baseline {}, {})\n",
                    t.task->as<HasFeedForward>() ? "" : t.architecture.cell + " on ", t.architecture.task, split_,
                    number_text(loss), info.unit, number_text(info.baseline), info.baseline_about));
    if (meter) put(fmt::format("{}\n", measures_text(measures)));
    try_put({});
    keep(t, s, loss, measures);
    return 0;
  }

 private:
  double measured(const Trained& t, Split split, const TaskSettings& s, Meter* meter) const {
    try {
      check_sizes(*t.task, s);
      return test_loss(*t.model, *t.task, split, s, 1 << 30, meter);
    } catch (const ValueError& e) {  // for example, for a length in the file
      throw ValueError(fmt::format("'{}': {}", weights_, e.what()));
    }
  }

  // If no file was requested, failing to write the default one is only a warning.
  void keep(const Trained& t, const TaskSettings& s, double loss, const std::vector<Measure>& measures) const {
    try {
      write(t, s, loss, measures);
    } catch (const FileError& e) {
      if (!json_.empty()) throw;
      std::fputs(fmt::format("ebb evaluate: {}; use --json to write the result elsewhere\n", e.what()).c_str(), stderr);
    }
  }

  void write(const Trained& t, const TaskSettings& s, double loss, const std::vector<Measure>& measures) const {
    const fs::path beside = fs::path(weights_).parent_path() / fmt::format("evaluation-{}.json", split_);
    const fs::path path = json_.empty() ? beside : fs::path(json_);
    Summary result;
    result.set({"weights"}, weights_);
    result.set({"task"}, t.architecture.task);
    result.set({"cell"}, t.architecture.cell);
    result.set({"data"}, t.task->data());
    result.set({"split"}, split_);
    result.set({"unit"}, t.task->info().unit);
    result.set({"loss"}, loss);
    result.set({"baseline_loss"}, t.task->info().baseline);
    result.set({"length"}, s.length);
    result.set({"batch"}, s.batch);
    for (const Measure& m : measures) {
      result.set({"measures", m.name, "value"}, m.value);
      result.set({"measures", m.name, "unit"}, m.unit);
      result.set({"measures", m.name, "baseline"}, m.baseline);
      result.set({"measures", m.name, "baseline_about"}, m.baseline_about);
    }
    OutFile(path.string()).write(result.json());
  }

  std::string weights_, split_ = "test", text_, data_, json_;
  int length_ = 0, batch_ = 0, threads_ = 1;
};
EBB_SUBCOMMAND(evaluate, "evaluate", EvaluateCommand, "evaluate trained weights on the validation or test split");

}  // namespace
}  // namespace ebb::app
