#include <algorithm>
#include <cmath>
#include <csignal>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/studies/observe/over_training.hpp>
#include <ebb/experiments/train/checkpoint.hpp>
#include <ebb/nn/files/archive.hpp>
#include <filesystem>
#include <sstream>

#include "catch.hpp"
#include "run_ebb.hpp"
#include "train_quick.hpp"

namespace over_training_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;
using observe::OverTraining;
using observe::OverTrainingOptions;
using observe::TrainingRecord;
using observe::TrainingRecords;

namespace {

std::vector<TrainingRecord> records_of(const std::string& path) {
  std::vector<TrainingRecord> all;
  std::istringstream lines(read_all(path));
  for (std::string line; std::getline(lines, line);) all.push_back(TrainingRecord::parse(line));
  return all;
}

/// Everything but the time.
std::string results_of(const std::vector<TrainingRecord>& all) {
  std::string text;
  for (const TrainingRecord& r : all)
    text += std::to_string(r.update) + " " + r.measure + " " + r.failed + r.values.json_line() + "\n";
  return text;
}

std::vector<std::string> run_of(const std::string& out, const std::string& task, std::vector<std::string> more = {}) {
  std::vector<std::string> words{"train", task,       "--quick", "--cell",  "gru", "--steps", "9", "--hidden",
                                 "4",     "--length", "20",      "--batch", "4",   "--out",   out};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

void run_ok(const std::vector<std::string>& words) {
  const Outcome o = ebb_command(words);
  INFO(o.err);
  REQUIRE(o.code == 0);
}

const std::vector<std::string> observing{"--observe", "norms,gates,lyapunov", "--every", "4"};

}  // namespace

TEST_CASE("measures during training change no bit of it", "[slow]") {
  TempFolder folder;
  for (const std::string task : {"adding", "chars"}) {  // chars carries its state
    INFO(task);
    run_ok(run_of(folder / (task + "-plain"), task, {"--patience", "30"}));
    std::vector<std::string> more = observing;
    more.insert(more.end(), {"--patience", "30"});
    run_ok(run_of(folder / (task + "-observed"), task, more));
    CHECK(read_all(folder / (task + "-plain/weights.safetensors")) ==
          read_all(folder / (task + "-observed/weights.safetensors")));
    nlohmann::json runs[2];
    for (int k = 0; k < 2; ++k) {
      runs[k] = summary_of(folder / (task + (k == 0 ? "-plain" : "-observed")))["runs"];
      for (const char* time : {"seconds", "speed"}) runs[k]["1"].erase(time);
    }
    CHECK(runs[0] == runs[1]);
  }
}

TEST_CASE("measures are taken before the first update, at their interval and after the last") {
  TempFolder folder;
  run_ok(run_of(folder / "out", "adding", observing));
  const auto all = records_of(folder / "out/observed.jsonl");
  std::vector<int> updates;
  for (const TrainingRecord& r : all) {
    CHECK(r.failed.empty());
    if (r.measure == "gates") {
      updates.push_back(r.update);
      CHECK(r.values.has("z.time_scales"));
    }
  }
  CHECK(updates == std::vector<int>{0, 4, 8, 9});
  CHECK(all.size() == 12);
  CHECK_THAT(read_all(folder / "out/observed.csv"), Contains("update,measure,value,index,number\n0,norms,"));
  CHECK_THAT(read_all(folder / "out/tensorboard/observed/events.out.tfevents.ebb"),
             Contains("lyapunov/Lyapunov_exponents,_nats_per_step/λ1"));
  const auto summary = summary_of(folder / "out")["observed"]["seed 1"];
  CHECK(summary["lyapunov"]["Lyapunov exponents, nats per step: λ1"]["9"].get<double>() < 0);
  const std::string page = read_all(folder / "out/report.html");
  CHECK_THAT(page, Contains("Over training") && Contains("2 sequences of 20 steps of the validation split of adding"));
  for (const char* title : {"Gradient norms", "Decay of the gradient", "Lyapunov exponents", "Saturated gates",
                            "Time scales of gates", "Watched values"}) {
    INFO(title);
    CHECK_THAT(page, Contains(title));
  }
}

TEST_CASE("each plot over training has a caption that says what its bands are, and an axis that covers them") {
  TempFolder folder;
  run_ok(
      run_of(folder / "out", "adding",
             {"--observe", "lyapunov,gates,jacobians,norms,sensitivity,curvature,map,newton,attribution,fixed_points",
              "--every", "9", "--observe-rows", "4"}));
  const auto plots = plots_of(read_all(folder / "out/report.html"));
  int with_bands = 0, of_training = 0;
  for (const nlohmann::json& p : plots) {
    if (p["kind"] != "lines" || p["x"] != "update" || !p.value("wholeBands", false)) continue;
    INFO(p["title"]);
    ++of_training;
    CHECK(p["caption"].get<std::string>().size() > 20);
    bool band = false;
    for (const nlohmann::json& s : p["series"]) band = band || s.value("band", false);
    with_bands += band;
    CHECK((p["caption"].get<std::string>().find("Band") != std::string::npos) == band);
  }
  CHECK(of_training >= 14);
  CHECK(with_bands == 7);  // exponents, two of gates, effective rank, sensitivity, share of eigenvalues, noise scale
}

TEST_CASE("a run resumed from any checkpoint takes the measurements that were lost, with the same results") {
  TempFolder folder;
  const auto task = make_task("adding");
  const TaskSettings s{.hidden = 4, .length = 20, .batch = 4, .steps = 7, .lr = .01};
  OverTrainingOptions options;
  options.measures = {"norms", "gates"};
  options.every = 3;
  Origin origin{.task = "adding", .cell = "lstm", .data = {}, .options = {}};
  const auto files_of = [&](const std::string& name) {
    return OverTraining::Files{folder / (name + ".jsonl"), folder / (name + ".csv"), folder / (name + ".events")};
  };
  const auto run = [&](Model& model, TrainKeeper keeper, const std::string& name) {
    TrainingRecords records{.name = "a run", .driven = {}};
    std::optional<OverTraining> observer;
    keeper.begin = [&](const TrainRecord& before) {
      observer.emplace(options, *task, model, "lstm", s, files_of(name), records,
                       static_cast<int>(before.curve.size()));
    };
    keeper.observe = [&](int update) { observer->take(update); };
    keeper.observe_every = options.interval(s);
    (void)train(model, *task, s, 5, {}, keeper);
    CHECK(results_of(records.all) == results_of(records_of(folder / (name + ".jsonl"))));
    return results_of(records.all);
  };

  Model whole{*task, "lstm", s, 5};
  TrainKeeper each;
  each.every = 1;
  int saved = 0;
  each.save = [&](const TrainPart& part) { save(folder / std::to_string(++saved), origin, part); };
  const std::string results = run(whole, each, "whole");
  CHECK(std::count(results.begin(), results.end(), '\n') == 8);  // updates 0, 3, 6, 7
  REQUIRE(saved == 7);
  const std::string csv = read_all(folder / "whole.csv");
  for (const int k : {1, 3, 5, 7}) {
    INFO("from update " << k);
    const std::string name = "from" + std::to_string(k);
    // as if killed after the last line, but before the next checkpoint; and while a further line was written
    std::string lines = read_all(folder / "whole.jsonl");
    if (k == 3) lines.resize(lines.find("{\"update\":3"));  // as if Ctrl-C had ended the measurement of this update
    write_all(folder / (name + ".jsonl"), lines + "{\"update\": 9, \"meas");
    Model again{*task, "lstm", s, 99};
    TrainKeeper keeper = keep_at(folder / std::to_string(k), 0, origin, true);
    keeper.save = {};
    CHECK(run(again, keeper, name) == results);
    CHECK(read_all(folder / (name + ".csv")) == csv);
  }
}

TEST_CASE("ebb train --resume keeps the measurements of a run that had ended, and makes them again from the start") {
  TempFolder folder;
  run_ok(run_of(folder / "out", "adding", observing));
  const std::string lines = read_all(folder / "out/observed.jsonl"),
                    first = results_of(records_of(folder / "out/observed.jsonl"));
  run_ok({"train", "--resume", folder / "out"});
  CHECK(read_all(folder / "out/observed.jsonl") == lines);
  std::filesystem::remove(folder / "out/checkpoint");
  std::filesystem::remove(folder / "out/weights.safetensors");
  run_ok({"train", "--resume", folder / "out"});
  CHECK(results_of(records_of(folder / "out/observed.jsonl")) == first);
  write_all(folder / "out/observed.jsonl", "{\"update\": 1}\n");
  const Outcome bad = ebb_command({"train", "--resume", folder / "out"});
  CHECK(bad.code == 2);
  CHECK_THAT(bad.err, Contains("observed.jsonl"));
}

TEST_CASE("a measurement that Ctrl-C ends is not recorded, and can be taken again") {
  TempFolder folder;
  const auto task = make_task("adding");
  const TaskSettings s{.hidden = 4, .length = 20, .batch = 4};
  const Model model{*task, "lstm", s, 5};
  OverTrainingOptions options;
  options.measures = {"gates", "curvature"};
  TrainingRecords records{.name = "a run", .driven = {}};
  OverTraining observer(options, *task, model, "lstm", s, {folder / "l", folder / "c", folder / "e"}, records, 0);
  {
    const InterruptGuard guard;
    std::raise(SIGINT);
    observer.take(0);
  }
  CHECK(records.all.empty());
  observer.take(0);
  REQUIRE(records.all.size() == 2);
  CHECK((records.all[0].failed.empty() && records.all[1].failed.empty()));
}

TEST_CASE("a run whose measurements fail keeps what it trained, says why and exits with 1") {
  TempFolder folder;
  const Outcome o = ebb_command({"train",
                                 "adding",
                                 "--quick",
                                 "--cell",
                                 "test-throws-late:at=1050",
                                 "--steps",
                                 "3",
                                 "--hidden",
                                 "4",
                                 "--length",
                                 "20",
                                 "--batch",
                                 "4",
                                 "--observe",
                                 "gates,lyapunov,norms",
                                 "--every",
                                 "3",
                                 "--observe-length",
                                 "1100",
                                 "--out",
                                 folder / "out"});
  INFO(o.err);
  CHECK(o.code == 1);
  CHECK_THAT(o.err, Contains("--observe gates, seed 1: 2 of 2 measurements failed, the first after 0 updates: ") &&
                        Contains("it broke (time step 1050)") && Contains("--observe lyapunov, seed 1: "));
  CHECK(folder.has("out/weights.safetensors"));
  const auto s = summary_of(folder / "out");
  CHECK(s["runs"]["1"]["loss"].is_number());
  for (const char* update : {"0", "3"})
    CHECK_THAT(s["observed"]["seed 1"]["gates"]["failed"][update].get<std::string>(), Contains("time step 1050"));
}

TEST_CASE("each seed of a run has its own measurements") {
  TempFolder folder;
  run_ok(run_of(folder / "out", "adding", {"--seeds", "2", "--observe", "norms"}));
  const auto one = records_of(folder / "out/observed-1.jsonl"), two = records_of(folder / "out/observed-2.jsonl");
  CHECK(one.size() == 10);  // by default twenty per run, of which there are nine updates here, and the initial one
  CHECK(one.size() == two.size());
  CHECK(results_of(one) != results_of(two));
  CHECK(std::filesystem::exists(folder / "out/tensorboard/seed-2/observed/events.out.tfevents.ebb"));
}

TEST_CASE("labels over training name the seed, and the exponent where several are drawn") {
  TempFolder folder;
  run_ok(run_of(folder / "out", "adding", {"--seeds", "2", "--observe", "lyapunov", "--every", "5"}));
  std::vector<std::string> labels;
  for (const nlohmann::json& p : plots_of(read_all(folder / "out/report.html"))) {
    if (p["title"] == "Lyapunov exponents")
      for (const nlohmann::json& s : p["series"]) labels.push_back(s["label"]);
    if (p["title"] == "Kaplan-Yorke dimension") CHECK(p["series"][1]["label"] == "seed 2");
  }
  REQUIRE(labels.size() == 8);
  std::sort(labels.begin(), labels.end());
  CHECK(std::adjacent_find(labels.begin(), labels.end()) == labels.end());
  CHECK(labels.front() == "λ1, seed 1");
}

TEST_CASE("a number that is never finite over training has a sentence, not a change, and no axes") {
  TempFolder folder;
  run_ok({"train",    "adding",    "--quick",  "--cell",  "tanhmap:g=0", "--steps", "2",
          "--hidden", "4",         "--length", "30",      "--batch",     "4",       "--lr",
          "1e-35",    "--observe", "norms",    "--every", "2",           "--out",   folder / "out"});
  const std::string page = read_all(folder / "out/report.html");
  CHECK_THAT(page, Contains("decay is not a number in 2 of 2 measurements."));
  CHECK_THAT(page, !Contains("decay: – to –") && !Contains("goes from –"));
  for (const nlohmann::json& p : plots_of(page))
    if (p["title"] == "Decay of the gradient") CHECK(p["nothing"] == "Nothing to draw: 2 values are not a number.");
}

TEST_CASE("measures that do not exist, or do not fit, are rejected before any work, with the reason") {
  TempFolder folder;
  const auto rejected = [&](const std::string& task, std::vector<std::string> more, const std::string& why) {
    INFO(why);
    check_rejected(ebb_command(run_of(folder / "out", task, more)), why);
    CHECK_FALSE(folder.has("out"));
  };
  rejected("adding", {"--observe", "lyapunof"}, "did you mean 'lyapunov'");
  rejected("adding", {"--observe", "everything"}, "lyapunov");  // the list
  rejected("adding", {"--every", "5"}, "--every is the interval of --observe");
  rejected("adding", {"--observe-rows", "2"}, "--observe-rows is for --observe, which names no measure");
  rejected("adding", {"--observe", "norms", "--every", "0"}, "--every must be at least 1");
  rejected("adding", {"--observe", "norms", "--observe-length", "5"}, "from 20 to 1,000,000");
  check_rejected(ebb_command({"train", "adding", "--quick", "--cell", "gru", "--hidden", "600", "--observe",
                              "jacobians", "--out", folder / "out"}),
                 "--observe jacobians: it cannot measure gru: the state has 600 numbers, more than 512");
  check_rejected(
      ebb_command({"train", "adding", "--quick", "--cell", "tcn", "--observe", "norms", "--out", folder / "out"}),
      "has no cell");
  check_rejected(ebb_command({"train", "adding", "--quick", "--cell", "gaussian", "--observe", "fixed_points", "--out",
                              folder / "out"}),
                 "--observe fixed_points: it cannot measure gaussian");
  check_rejected(ebb_command({"train", "caption", "--quick", "--observe", "gates", "--out", folder / "out"}),
                 "--observe");
  CHECK_FALSE(folder.has("out"));
}

}  // namespace over_training_test
