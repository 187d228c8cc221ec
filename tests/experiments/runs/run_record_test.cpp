#include <ebb/experiments/cli/run_file.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/runs/curve.hpp>
#include <ebb/experiments/runs/notes.hpp>
#include <ebb/experiments/runs/run_record.hpp>
#include <ebb/ops/error.hpp>

#include "catch.hpp"
#include "made_runs.hpp"
#include "run_ebb.hpp"

namespace run_record_test {

using Catch::Matchers::Contains;
using namespace ebb::app;
using namespace ebb::app::runs;

std::string column(const std::string& folder, const char* name) {
  const auto run = read_run(folder, "r");
  REQUIRE(run);
  return text_of((*run)[name]);
}

TEST_CASE("the columns of a run are its options, results and environment") {
  const TempFolder folder;
  make_run(folder / "r");
  const RunRecord run = read_run(folder / "r", "r").value();
  const auto is = [&](const char* name, const std::string& text) {
    INFO(name);
    CHECK(text_of(run[name]) == text);
  };
  is("status", "finished");
  is("started", "2026-01-31 14:22:33");
  is("ended", "2026-01-31 14:22:35");  // not the sentence of a seed
  is("task", "adding");
  is("checkpoint_every", "0");
  is("loss", "0.5");
  is("valid", "0.25");
  is("baseline", "0.1667");
  is("updates", "2");
  is("diverged", "0");
  is("quick", "1");
  is("word_error_rate", "12.5");
  is("host", "here");
  is("none", "");
  CHECK(run.options.contains("hidden"));
  CHECK_FALSE(run.options.contains("loss"));
}

TEST_CASE("a run of several seeds has the mean over those that have a value") {
  const TempFolder folder;
  make_run(folder / "r");
  nlohmann::json summary = summary_of(folder / "r");
  nlohmann::json second = summary["runs"]["1"];
  second["loss"] = nullptr;
  second["valid"] = .75;
  second["diverged"] = "step 3";
  summary["runs"]["2"] = second;
  write_all(folder / "r/summary.json", summary.dump());
  CHECK(column(folder / "r", "loss") == "0.5");
  CHECK(column(folder / "r", "valid") == "0.5");
  CHECK(column(folder / "r", "diverged") == "1");
}

TEST_CASE("a run is running while a job holds its folder, and was killed if none does") {
  const TempFolder folder;
  make_run(folder / "r", {.status = "running"});
  std::filesystem::remove(folder / "r/summary.json");
  CHECK(column(folder / "r", "status") == "killed");
  CHECK(column(folder / "r", "cell") == "gru");  // of config.toml
  CHECK(column(folder / "r", "updates") == "2");
  CHECK(column(folder / "r", "valid") == "0.25");
  RunFolder job{folder / "r", true};
  job.lock();
  CHECK(column(folder / "r", "status") == "running");
}

TEST_CASE("runs of versions without run.json are read too, other folders are not") {
  const TempFolder folder;
  make_run(folder / "r");
  std::filesystem::remove(folder / "r/run.json");
  CHECK(column(folder / "r", "status") == "finished");
  CHECK(column(folder / "r", "command") == "train");
  CHECK(column(folder / "r", "started") == "2026-01-31 14:22:33");
  std::filesystem::remove(folder / "r/config.toml");
  CHECK_FALSE(read_run(folder / "r", "r"));
  CHECK_FALSE(read_run(folder.path(), "r"));
}

TEST_CASE("a folder whose files are torn names the file") {
  const TempFolder folder;
  for (const char* name : {"summary.json", "run.json", "notes.json"}) {
    make_run(folder / "r");
    std::filesystem::remove(folder / "r/notes.json");
    write_all(folder / "r/" + name, "{\"command\": \"tr");
    CHECK(column(folder / "r", "status") == "damaged");
    CHECK_THAT(column(folder / "r", "error"), Contains(name));
  }
}

TEST_CASE("a run that ended has whole files, or is damaged") {
  const TempFolder folder;
  const auto damaged = [&](const std::string& file) {
    CHECK(column(folder / "r", "status") == "damaged");
    CHECK_THAT(column(folder / "r", "error"), Contains(file));
    make_run(folder / "r");
    CHECK(column(folder / "r", "status") == "finished");
  };
  make_run(folder / "r");
  std::filesystem::remove(folder / "r/summary.json");
  damaged("summary.json' is missing");
  for (const char* text : {"task = \"adding", "garbage", "task = [1", "\x7f\x45 = 1"}) {
    write_all(folder / "r/config.toml", text);
    damaged("config.toml', line 1");
  }
  const std::string curve = read_all(folder / "r/curve.csv");
  for (const std::string& text : {std::string(), std::string("x"), curve + "garbage\n", "a" + curve,
                                  curve.substr(0, curve.rfind('\n', curve.size() - 2) + 1)}) {
    write_all(folder / "r/curve.csv", text);
    damaged("curve.csv");
  }
  make_run(folder / "r", {.status = "failed"});
  write_all(folder / "r/curve.csv", curve + "3,0.0030,0.1");  // it was killed as it wrote
  CHECK(column(folder / "r", "status") == "failed");
}

TEST_CASE("the unit of a validation is that of its measure") {
  const TempFolder folder;
  make_run(folder / "r");
  CHECK(column(folder / "r", "valid_unit") == "MSE");
  auto summary = summary_of(folder / "r");
  summary["runs"]["1"]["validated_by"] = "word error rate";
  write_all(folder / "r/summary.json", summary.dump());
  CHECK(column(folder / "r", "valid_unit") == "%");
  CHECK(column(folder / "r", "unit") == "MSE");
}

TEST_CASE("a learning curve is read up to its last complete line") {
  const TempFolder folder;
  make_run(folder / "r");
  const std::string path = folder / "r/curve.csv", whole = read_all(path);
  write_all(path, whole + "3,0.0030,0.1");
  const auto curve = read_curve(path);
  REQUIRE(curve.size() == 2);
  CHECK_FALSE(curve[0].validated());
  CHECK(curve[1].valid == .25);
  CHECK(curve[1].clipped);
  CHECK(end_of_curve(path).step == 2);
  write_all(path, whole + "x,0.0030,0.1,1,0,0.01,\n");
  CHECK_THROWS_WITH(read_curve(path), Contains("curve.csv', line 4: this is not a learning curve"));
  CHECK(end_of_curve(folder / "none.csv").step == 0);
}

TEST_CASE("tags and notes are read as they were written") {
  const TempFolder folder;
  const Notes notes{.tags = {"a", "b"}, .note = "it's \"so\"\n"};
  write_notes(folder.path(), notes);
  CHECK(read_notes(folder.path()) == notes);
  write_notes(folder.path(), {});
  CHECK(folder.empty());
  for (const char* tag : {"", "a b", "a,b", "\xff"}) CHECK_THROWS_AS(check_tag(tag), ebb::ValueError);
}

TEST_CASE("a job records its environment when it begins, and how it ended") {
  const TempFolder folder;
  const Outcome o = ebb_command({"train", "adding", "--quick", "--hidden", "4", "--steps", "3", "--out", folder / "r"});
  REQUIRE(o.code == 0);
  const auto run = nlohmann::json::parse(read_all(folder / "r/run.json"));
  CHECK(run["status"] == "finished");
  CHECK(run["command"] == "train");
  for (const char* key : {"commit", "compiler", "instruction_set", "threads", "machine", "folder", "pid", "ended"})
    CHECK(run.contains(key));
  CHECK(run["started"].get<std::string>().size() == 25);
  CHECK_FALSE(run.contains("error"));
  CHECK(summary_of(folder / "r")["runs"]["1"]["validated_by"] == "loss");
  CHECK(summary_of(folder / "r")["runs"]["1"]["valid"].is_number());

  const Outcome bad = ebb_command({"train", "adding", "--quick", "--lr", "1e30", "--clip", "0", "--optimizer", "sgd",
                                   "--steps", "30", "--out", folder / "bad"});
  CHECK(bad.code == 1);
  CHECK(column(folder / "bad", "status") == "failed");
  CHECK_THAT(column(folder / "bad", "error"), Contains("diverged at"));

  RunFolder other{folder / "other", false};
  other.create();
  RunFile file;
  file.end(other, RunStatus::finished);  // it has not begun
  CHECK_FALSE(folder.has("other/run.json"));
  file.begin(other, "train", 2, false);
  CHECK(nlohmann::json::parse(read_all(folder / "other/run.json"))["status"] == "running");
  file.end(other, RunStatus::failed, "no memory");
  file.end(other, RunStatus::finished);  // ends once
  CHECK(nlohmann::json::parse(read_all(folder / "other/run.json"))["error"] == "no memory");
}

}  // namespace run_record_test
