#include <cmath>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/nn/files/weights.hpp>
#include <filesystem>
#include <stdexcept>

#include "catch.hpp"
#include "observed.hpp"
#include "run_ebb.hpp"

namespace observe_rejections_test {

using nlohmann::json;

namespace {

/// Rows depend on each other, in every step or in training alone.
struct BatchMean {
  ebb::Param U;
  bool in_training_alone;
  int from;
  BatchMean(ebb::Builder p, ebb::CellSizes s)
      : U(p.matrix("U", s.input, s.hidden)),
        in_training_alone(p.choice("when", "always|training", "when rows are centred") == 1),
        from(p.whole("from", 0, 0, 1000, "first step that centres them")) {}
  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s, const ebb::StepContext& at) const {
    const ebb::Var h = tanh(matmul(x, U) + s.h);
    return {(in_training_alone && !at.training()) || at.time() < from ? h : h - mean(h, 0, ebb::Keep::yes)};
  }
};
EBB_CELL_NAMED(batch_mean, "test-batch-mean", BatchMean, "rows that depend on each other (made by the tests)");

/// Throws in a step, by default in none.
struct ThrowsLate {
  ebb::Param U;
  int at_step;
  ThrowsLate(ebb::Builder p, ebb::CellSizes s)
      : U(p.matrix("U", s.input, s.hidden)), at_step(p.whole("at", 100000, 0, 100000, "the step that throws")) {}
  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s, const ebb::StepContext& at) const {
    if (at.time() == at_step) throw std::runtime_error("it broke");
    return {tanh(matmul(x, U) + .5 * s.h)};
  }
};
EBB_CELL_NAMED(throws_late, "test-throws-late", ThrowsLate, "throws in a step (made by the tests)");

}  // namespace

TEST_CASE("ebb observe rejects bad input before any work") {
  using Catch::Matchers::Contains;
  TempFolder folder;
  CHECK_THAT(error_of({}), Contains("name what to observe"));
  CHECK_THAT(error_of({"--cell", "lstn"}), Contains("did you mean 'lstm'"));
  CHECK_THAT(error_of({"--cell", "lstm", "--measure", "lyapunof"}), Contains("did you mean 'lyapunov'"));
  CHECK_THAT(error_of({folder / "nothing"}), Contains("nothing"));
  CHECK_THAT(error_of({"--cell", "lstm", "--measure", "norms", "--free"}), Contains("needs the task's data"));
  CHECK_THAT(error_of({"--cell", "lstm", "--measure", "lyapunov,norms", "--free"}),
             Contains("norms cannot measure lstm, seed 1 and lstm, seed 2: a loss needs the task's data"));
  CHECK_THAT(error_of({"--cell", "rnn", "--task", "xor", "--delay", "10", "--length", "20", "--measure", "gates"}),
             Contains("--length 20 --rows 2: ") && Contains("the first target is that of step"));
  CHECK_THAT(error_of({"--cell", "lstm", "--length", "1"}), Contains("from 2 to 10,000,000"));
  CHECK_THAT(error_of({"--cell", "lstm", "--task", "caption"}), Contains("caption"));
  CHECK_THAT(error_of({"--cell", "lstm", "--hidden", "32,6.5"}), Contains("whole numbers of at least 1"));
  for (const char* wrong : {"0", "2.5", "0%", "101%", "%", "many"})
    CHECK_THAT(error_of({"--cell", "lstm", "--directions", wrong}),
               Contains("such as 30%, not '" + std::string(wrong)));
  CHECK_THAT(error_of({"--cell", "lstm", "--directions", "3", "--measure", "norms"}), Contains("measure lyapunov"));
  CHECK_THAT(error_of({"--cell", "lstm", "--determinants", "3"}), Contains("is for --directions"));
  CHECK_THAT(error_of({"--cell", "lstm", "--export", "3", "--measure", "norms,gates"}),
             Contains("--export is for the measure jacobians, which --measure does not name"));
  CHECK_THAT(error_of({"--cell", "lstm", "--spread", ".1", "--measure", "norms"}),
             Contains("--spread is for the measures lyapunov and jacobians, which --measure does not name"));
  CHECK_THAT(error_of({"--cell", "lstm,rnn,lstm"}), Contains("--cell names 'lstm' twice"));
  CHECK_THAT(error_of({"--cell", "lstm", "--hidden", "8,8"}), Contains("--hidden names '8' twice"));
  CHECK_THAT(error_of({"--cell", "lstm", "--remedy", "flossing:3,flossing:3"}), Contains("twice"));
  CHECK_THAT(error_of({"--cell", "henon", "--hidden", "1", "--directions", "3", "--measure", "lyapunov"}),
             Contains("--directions 3 is more than the 2 of its state"));
  CHECK_THAT(error_of({"--cell", "lstm", "--measure", "bifurcations"}), Contains("such as --vary b=-3:-2"));
  CHECK_THAT(error_of({"--cell", "saddle", "--measure", "bifurcations", "--vary", "b=-2:-3"}), Contains("not below"));
  CHECK_THAT(error_of({"--cell", "saddle", "--vary", "b"}), Contains("OPTION=LOW:HIGH"));
  CHECK_THAT(error_of({"adding", "--cell", "gru"}),
             Contains("'adding' is not the folder of a run; for the task of that name, use --task adding"));
  CHECK_THAT(error_of({"gru:update_bias=1"}), Contains("for the cell of that name, use --cell gru:update_bias=1"));
  CHECK_THAT(error_of({"--cell", "saddle", "--vary", "b=-3:-2", "--measure", "gates"}), Contains("bifurcations"));
  CHECK_THAT(error_of({"--cell", "saddle:b=1", "--measure", "bifurcations", "--vary", "b=-3:-2"}),
             Contains("bifurcations cannot measure saddle:b=1"));
}

TEST_CASE(
    "a cell that mixes the rows of a batch, or throws, is rejected before any work by all that measures sequences") {
  using Catch::Matchers::Contains;
  TempFolder folder;
  const std::vector<std::vector<std::string>> commands{{"observe", "--free", "--measure", "lyapunov", "--cell"},
                                                       {"observe", "--task", "adding", "--cell"},
                                                       {"vanish", "--tasks", "adding", "--cells"},
                                                       {"train", "adding", "--observe", "gates", "--cell"}};
  for (std::vector<std::string> words : commands) {
    words.insert(words.end(), {"test-batch-mean", "--quick", "--out", folder / "out"});
    const Outcome o = ebb_command(words);
    CAPTURE(words, o.err);
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Contains("cell 'test-batch-mean': a row's result depends on the other rows of its batch") &&
                          Contains("without the other rows") && Contains("`ebb check test-batch-mean`"));
    CHECK_FALSE(std::filesystem::exists(folder / "out"));
  }
  const Outcome o = ebb_command({"observe", "--cell", "never-fits", "--quick", "--out", folder / "out"});
  CHECK(o.code == 2);
  CHECK_THAT(o.err, Contains("cell 'never-fits' fails on a small batch") && Contains("matmul: inner sizes differ") &&
                        Contains("`ebb check never-fits`"));
  CHECK_FALSE(std::filesystem::exists(folder / "out"));

  // Measures are of evaluation, in which these rows do not depend on each other.
  observed(folder / "out", {"--cell", "test-batch-mean:when=training", "--free", "--measure", "lyapunov"});
  REQUIRE(
      ebb_command({"train", "adding", "--cell", "test-batch-mean", "--quick", "--steps", "1", "--out", folder / "run"})
          .code == 0);
  CHECK_THAT(error_of({folder / "run"}), Contains("depends on the other rows of its batch"));
}

TEST_CASE("ebb observe names the weights that are not finite, and leaves no folder") {
  using Catch::Matchers::Contains;
  TempFolder folder;
  const std::string run = folder / "run", weights = run + "/weights.safetensors";
  REQUIRE(ebb_command({"train", "adding", "--cell", "rnn", "--quick", "--steps", "1", "--out", run}).code == 0);
  const ebb::app::Trained t = ebb::app::Trained::read(weights, {}, {});
  ebb::Edit(t.model->w)[t.model->w.find("cell/U")].set_flat(1, NAN);
  ebb::save_weights(weights, t.model->w, t.architecture.metadata());
  CHECK_THAT(error_of({run, "--out", folder / "out"}), Contains(weights + "': cell/U has values that are infinite or"));
  CHECK_FALSE(std::filesystem::exists(folder / "out"));
}

TEST_CASE("initial weights that are not finite are named before any work") {
  using Catch::Matchers::Contains;
  TempFolder folder;
  const std::string cell = "rnn:init.W=normal*1.7e308";
  const std::vector<std::vector<std::string>> commands{{"observe", "--task", "adding", "--cell"},
                                                       {"vanish", "--tasks", "adding", "--cells"},
                                                       {"train", "adding", "--cell"}};
  for (std::vector<std::string> words : commands) {
    words.insert(words.end(), {cell, "--quick", "--out", folder / "out"});
    const Outcome o = ebb_command(words);
    CAPTURE(words, o.err);
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Contains("cell/W") && Contains("values that are infinite or NaN"));
    CHECK_FALSE(std::filesystem::exists(folder / "out"));
  }
}

TEST_CASE("ebb observe rejects what trained weights do not read, and does not record it") {
  using Catch::Matchers::Contains;
  TempFolder folder;
  const std::string run = folder / "run", weights = run + "/weights.safetensors";
  REQUIRE(ebb_command({"train", "adding", "--cell", "rnn", "--quick", "--steps", "1", "--out", run}).code == 0);
  const std::vector<std::vector<std::string>> unread{
      {"--hidden", "8"}, {"--seed", "2"}, {"--seeds", "1"}, {"--text", weights}, {"--delay", "3"}};
  for (std::vector<std::string> words : unread) {
    const std::string option = words.front();
    words.insert(words.begin(), {"--measure", "norms", "--weights", weights});
    CHECK_THAT(error_of(words), Contains(option + " applies to --cell: trained weights ") ||
                                    Contains(option + " applies to --cell: the width of trained weights is in their"));
  }
  CHECK_THAT(error_of({run, run + "/"}), Contains("names weights that are named already"));
  CHECK_THAT(error_of({run, "--weights", weights}), Contains("names weights that are named already"));
  CHECK_THAT(error_of({run, "--vary", "bias=0:1"}),
             Contains("--vary bias=0:1: bifurcations cannot measure") && Contains("these are trained"));

  const json s = observed(folder / "out", {run, "--measure", "norms"});
  CHECK(s["seeds"] == json::array());
  for (const char* option : {"hidden", "seed", "seeds", "text", "delay"}) CHECK_FALSE(s["options"].contains(option));
  CHECK_THAT(read_all(folder / "out/config.toml"), !Contains("seed"));
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"observe", "--resume", folder / "out"},
        {"observe", "--config", folder / "out/config.toml", "--out", folder / "again"}}) {
    const Outcome o = ebb_command(words);
    INFO(o.err);
    CHECK(o.code == 0);
  }
  const json both = observed(folder / "both", {run, "--cell", "lstm", "--hidden", "8", "--measure", "norms"});
  CHECK(both["subjects"].size() == 2);
  CHECK(both["seeds"] == json::array({1}));
}

TEST_CASE("--vary of an option of whole numbers is rejected before any work") {
  using Catch::Matchers::Contains;
  TempFolder folder;
  for (const std::string range : {"1:4", "1:2"}) {  // both ends are right
    const Outcome o = ebb_command({"observe", "--cell", "slstm", "--hidden", "4", "--free", "--quick", "--vary",
                                   "heads=" + range, "--out", folder / "out"});
    INFO(o.err);
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Contains("--vary heads=" + range + ": bifurcations cannot measure slstm") &&
                          Contains("OPTION=LOW:HIGH varies an option through all real numbers") &&
                          Contains("heads is a whole number ("));
    CHECK_FALSE(std::filesystem::exists(folder / "out"));
  }
  CHECK_THAT(error_of({"--cell", "rnn", "--hidden", "4", "--vary", "activation=0:1"}),
             Contains("activation is one of tanh|relu|sigmoid|linear ("));
}

TEST_CASE("a cell that mixes rows, or throws, in a later step is found before any work") {
  using Catch::Matchers::Contains;
  TempFolder folder;
  const std::vector<std::vector<std::string>> commands{{"observe", "--free", "--measure", "lyapunov", "--cell"},
                                                       {"vanish", "--tasks", "adding", "--cells"},
                                                       {"train", "adding", "--observe", "gates", "--cell"}};
  for (const auto& [cell, what] : {std::pair{"test-batch-mean:from=19", "output of step 19, row 0"},
                                   {"test-throws-late:at=19", "it broke (time step 19)"}})
    for (std::vector<std::string> words : commands) {
      words.insert(words.end(), {cell, "--quick", "--out", folder / "out"});
      const Outcome o = ebb_command(words);
      CAPTURE(words, o.err);
      CHECK(o.code == 2);
      CHECK_THAT(o.err, Contains(what));
      CHECK_FALSE(std::filesystem::exists(folder / "out"));
    }
  CHECK_THAT(error_of({"--cell", "test-throws-late:at=190", "--measure", "lyapunov"}), Contains("time step 190"));
}

TEST_CASE("a measure in which the cell throws fails the command with its step, and the others are kept") {
  using Catch::Matchers::Contains;
  TempFolder folder;
  const Outcome o =
      ebb_command({"observe", "--quick", "--seeds", "1", "--hidden", "4", "--cell", "test-throws-late:at=1100",
                   "--length", "1200", "--measure", "norms,lyapunov,gates", "--out", folder / "out"});
  INFO(o.err);
  CHECK(o.code == 1);
  CHECK_THAT(o.err, Contains("lyapunov, test-throws-late:at=1100: ") && Contains("it broke (time step 1100)") &&
                        Contains("gates, test-throws-late:at=1100: "));  // all that failed
  const json of = summary_of(folder / "out")["subjects"]["test-throws-late:at=1100"];
  CHECK(of["norms"].contains("per_step"));
  CHECK_THAT(of["lyapunov"]["not measured"].get<std::string>(), Contains("time step 1100"));
}

}  // namespace observe_rejections_test
