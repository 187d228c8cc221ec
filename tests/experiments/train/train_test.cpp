#include <ebb/experiments/train/train.hpp>

#include <ebb/nn/files/weights.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace train_test {

namespace {

/// Another task whose reported loss is below zero.
class Negated final : public ebb::app::SimpleTask {
 public:
  ebb::app::TaskInfo info() const override {
    ebb::app::TaskInfo info = adding_->info();
    info.unit_per_loss = -1;
    return info;
  }
  ebb::app::SimpleSizes sizes() const override { return adding_->as<ebb::app::SimpleTask>()->sizes(); }
  ebb::app::TaskSettings settings(ebb::app::Size s) const override { return adding_->settings(s); }
  ebb::app::Batch batch(const ebb::app::BatchRequest& r) const override { return adding_->batch(r); }
  int batches(ebb::app::Split s, int length, int rows) const override { return adding_->batches(s, length, rows); }

 private:
  std::unique_ptr<ebb::app::Task> adding_ = ebb::app::make_task("adding");
};

}  // namespace

TEST_CASE("an update with an enormous gradient is skipped and counted, and the run continues") {
  const auto task = ebb::app::make_task("adding");
  const ebb::app::TaskSettings s{.hidden = 4, .length = 5, .batch = 8, .steps = 6, .lr = 1e-2, .enough = 0};
  ebb::app::Model m{*task, "gru", s, 1};
  int update = 0;
  const auto rule = [&](ebb::Grads& g) {
    if (++update == 3) g.scale(1e30);
    return ebb::app::Clipped{g.norm(), false};
  };
  const ebb::app::TrainRecord r = ebb::app::train(m, *task, s, 1, {}, {}, rule);
  CHECK(r.skipped == 1);
  CHECK(r.diverged.empty());
  CHECK(r.curve.size() == 6);
  CHECK(r.curve[3].loss != r.curve[2].loss);
}

TEST_CASE("the best of negative validation losses is found") {
  const Negated task;
  ebb::app::TaskSettings s = task.settings(ebb::app::Size::quick);
  s.length = 5;
  s.steps = 400;
  s.hidden = 4;
  s.patience = 2;
  s.lr = 0;
  s.enough = -1e9;  // nothing moves
  ebb::app::Model m{task, "rnn", s, 1};
  const ebb::app::TrainRecord r = ebb::app::train(m, task, s, 1);
  REQUIRE(r.waited);
  CHECK(r.curve[19].validated());
  CHECK(r.curve[19].valid < 0);
  CHECK(r.kept == 20);
}

TEST_CASE("train shows the loss while it runs and writes weights, curve and summary") {
  TempFolder folder;
  const Outcome o = ebb_command({"train", "adding", "--cell", "gru", "--hidden", "8", "--lr", "0.01", "--length", "10",
                                 "--steps", "40", "--out", folder / "out"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(o.err.empty());
  CHECK_THAT(o.out, Catch::Matchers::Contains("update      40  loss"));
  for (const char* file : {"out/weights.safetensors", "out/curve.csv", "out/summary.json", "out/report.html"})
    CHECK(folder.has(file));
  const auto s = summary_of(folder / "out");
  CHECK(s["runs"]["1"]["updates"] == 40);
  CHECK(s["options"]["cell"] == "gru");
  CHECK(s["options"]["hidden"] == 8);

  const auto task = ebb::app::make_task("adding");
  ebb::app::Model m{*task, "gru", 8, 99};
  load_weights(folder / "out/weights.safetensors", m.w);
  ebb::app::TaskSettings settings = task->settings(ebb::app::Size::standard);
  settings.length = 10;
  CHECK(ebb::app::test_loss(m, *task, ebb::app::Split::test, settings) == Approx(s["runs"]["1"]["loss"].get<double>()));
}

TEST_CASE("train accepts layers, wrappers, optimiser and schedule, and its weights load into the same model") {
  TempFolder folder;
  const Outcome o =
      ebb_command({"train",       "adding", "--cell",     "gru",    "--hidden",  "8",           "--length",  "10",
                   "--steps",     "40",     "--layers",   "2",      "--dropout", "0.1",         "--zoneout", "0.1",
                   "--optimizer", "nadam",  "--schedule", "cosine", "--out",     folder / "out"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK_THAT(o.out, Catch::Matchers::Contains("2 layers of gru") && Catch::Matchers::Contains("nadam") &&
                        Catch::Matchers::Contains("cell/2/Wx"));
  const auto task = ebb::app::make_task("adding");
  ebb::app::TaskSettings settings = task->settings(ebb::app::Size::standard);
  settings.hidden = 8;
  settings.length = 10;
  settings.layers = 2;  // wrappers have no weights; without them the test loss differs
  ebb::app::Model m{*task, "gru", settings, 99};
  load_weights(folder / "out/weights.safetensors", m.w);
  CHECK(ebb::app::test_loss(m, *task, ebb::app::Split::test, settings) > 0);
  settings.zoneout = settings.dropout = .1;
  ebb::app::Model wrapped{*task, "gru", settings, 99};
  load_weights(folder / "out/weights.safetensors", wrapped.w);
  CHECK(ebb::app::test_loss(wrapped, *task, ebb::app::Split::test, settings) ==
        Approx(summary_of(folder / "out")["runs"]["1"]["loss"].get<double>()));
}

TEST_CASE("training without improvement ends after its patience, with the best weights") {
  const auto task = ebb::app::make_task("adding");
  ebb::app::TaskSettings s = task->settings(ebb::app::Size::quick);
  s.length = 5;
  s.steps = 400;
  s.hidden = 4;
  s.patience = 2;
  s.lr = 0;
  s.enough = 0;  // nothing moves
  ebb::app::Model m{*task, "rnn", s, 1};
  const ebb::app::TrainRecord r = ebb::app::train(m, *task, s, 1);
  REQUIRE(r.waited);
  CHECK(r.curve.size() ==
        80);  // one validation in twenty updates: the first is the best, two are borne, the fourth ends it
  double best = 1e9;
  for (const ebb::app::CurvePoint& p : r.curve)
    if (p.valid >= 0) best = std::min(best, p.valid);
  CHECK(ebb::app::test_loss(m, *task, ebb::app::Split::valid, s, 8) == Approx(best));
}

TEST_CASE("a training report shows the validation losses and marks the best") {
  const auto shown = [](const std::vector<std::string>& more) {
    TempFolder folder;
    std::vector<std::string> words{"train", "--quick", "--steps", "40", "--hidden", "4", "--out", folder / "out"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome o = ebb_command(words);
    INFO(o.out << o.err);
    REQUIRE(o.code == 0);
    return plots_of(read_all(folder / "out/report.html"));
  };
  const auto count = [](const nlohmann::json& plot, std::size_t series) {
    return std::count_if(plot["rows"].begin(), plot["rows"].end(),
                         [&](const auto& row) { return row.size() > series && !row[series][1].is_null(); });
  };
  const auto loss = shown({"adding", "--patience", "30"});
  REQUIRE(loss.size() == 2);
  CHECK(loss[0]["series"][1]["name"] == "seed 1, validation");
  CHECK(count(loss[0], 2) == 20);
  CHECK(loss[0]["series"][2]["name"] == "seed 1, best");
  double best = 1e9, marked = 0;
  for (const auto& row : loss[0]["rows"]) {
    if (!row[2][1].is_null()) best = std::min(best, row[2][1].get<double>());
    if (!row[3][1].is_null()) marked = row[3][1];
  }
  CHECK(count(loss[0], 3) == 1);
  CHECK(marked == best);
  CHECK(loss[0]["logY"] == false);  // no thirtieth of what it began with

  const auto measured = shown({"sentiment", "--patience", "0"});
  REQUIRE(measured.size() == 3);
  CHECK(measured[0]["series"].size() == 2);  // the loss that is learned from, and a guess
  CHECK(measured[2]["y"] == "accuracy, %");
  CHECK(measured[2]["series"].size() == 2);  // no weights but the last were kept
  CHECK(count(measured[2], 1) == 20);
}

TEST_CASE("a diverging run exits with 1, names the step and op, and keeps its files") {
  TempFolder folder;
  const Outcome o = ebb_command({"train", "adding", "--cell", "rnn:activation=relu", "--lr", "1e30", "--clip", "0",
                                 "--steps", "50", "--length", "10", "--out", folder / "out"});
  INFO(o.err);
  CHECK(o.code == 1);
  CHECK_THAT(o.err, Catch::Matchers::Contains("diverged at step 2"));
  CHECK_THAT(o.err, Catch::Matchers::Contains("matmul") || Catch::Matchers::Contains("squared_error") ||
                        Catch::Matchers::Contains("square"));
  CHECK_THAT(o.err, Catch::Matchers::Contains("the curve so far and the last checkpoint are kept, but no weights"));
  CHECK(folder.has("out/curve.csv"));
  CHECK(folder.has("out/checkpoint"));
  CHECK_THAT(summary_of(folder / "out")["runs"]["1"]["diverged"].get<std::string>(),
             Catch::Matchers::Contains("step 2"));
  CHECK(!folder.has("out/weights.safetensors"));
}

TEST_CASE("the character model learns more than character frequencies", "[slow]") {
  TempFolder folder;
  REQUIRE(ebb_command({"train", "chars", "--quick", "--cell", "lstm", "--out", folder / "out"}).code == 0);
  const auto run = summary_of(folder / "out")["runs"]["1"];
  CHECK(run["loss"] < run["baseline_loss"]);
}

TEST_CASE("training ends early at a low enough validation loss") {
  const auto task = ebb::app::make_task("adding");
  ebb::app::Model m{*task, "gru", 8, 1};
  ebb::app::TaskSettings s{.hidden = 8, .length = 4, .batch = 16, .steps = 400, .lr = 1e-2, .enough = 10};
  const auto record = ebb::app::train(m, *task, s, 1);
  CHECK(record.enough);
  CHECK(record.curve.size() == 20);
  CHECK(record.curve.back().valid < 10);
}

TEST_CASE("any text is accepted: bytes that are not UTF-8, a single character, letters of any script") {
  TempFolder folder;
  std::string bytes, greek;
  for (int k = 0; k < 3000; ++k) bytes += static_cast<char>(k * 37 % 256);
  for (int k = 0; k < 1500; ++k) greek += k % 3 ? "λ" : "ο";
  write_all(folder / "bytes", bytes);
  write_all(folder / "greek", greek);
  write_all(folder / "same", std::string(3000, 'a'));
  const auto data = [&](const std::string& name) {
    const Outcome o = ebb_command({"vanish", "--tasks", "chars", "--quick", "--steps", "3", "--lags", "20", "--text",
                                   folder / name, "--out", folder / name + ".out"});
    INFO(o.err);
    REQUIRE(o.code == 0);
    return summary_of(folder / name + ".out")["tasks"]["chars"]["data"].get<std::string>();
  };
  CHECK_THAT(data("bytes"), Catch::Matchers::Contains("3,000 bytes, 256 different"));
  CHECK_THAT(data("greek"), Catch::Matchers::Contains("1,500 characters, 2 different"));
  CHECK_THAT(data("same"), Catch::Matchers::Contains("3,000 characters, 1 different"));
}

TEST_CASE("early stopping is printed with its reason and the update whose weights are kept") {
  TempFolder folder;
  const Outcome waited = ebb_command({"train", "adding", "--quick", "--steps", "400", "--hidden", "4", "--length", "5",
                                      "--lr", "1e-12", "--patience", "2", "--seeds", "2", "--out", folder / "waited"});
  INFO(waited.out << waited.err);
  REQUIRE(waited.code == 0);
  for (const char* seed : {"1", "2"}) {
    const auto run = summary_of(folder / "waited")["runs"][seed];
    const auto updates = run["updates"].get<int>(), kept = run["kept_update"].get<int>();
    CHECK(run["stopped_early"] == true);
    CHECK(kept < updates);
    CHECK_THAT(waited.out,
               Catch::Matchers::Contains(
                   "seed " + std::string(seed) + ": stopped early, after " + std::to_string(updates) +
                   " of 400 updates: 2 validations without improvement (--patience); keeping the weights of update " +
                   std::to_string(kept) + ", which had the best validation score"));
  }
  const Outcome enough =
      ebb_command({"train", "adding", "--hidden", "16", "--length", "2", "--lr", "0.01", "--out", folder / "enough"});
  REQUIRE(enough.code == 0);
  CHECK_THAT(enough.out, Catch::Matchers::Contains("stopped early, after ") &&
                             Catch::Matchers::Contains(" of 2,500 updates: the validation loss is below"));
  CHECK(summary_of(folder / "enough")["runs"]["1"]["stopped_early"] == true);
  const Outcome best =
      ebb_command({"train", "series", "--quick", "--steps", "20", "--hidden", "4", "--out", folder / "best"});
  CHECK_THAT(best.out, Catch::Matchers::Contains("seed 1: keeping the weights of update ") &&
                           !Catch::Matchers::Contains("stopped early"));
}

}  // namespace train_test
