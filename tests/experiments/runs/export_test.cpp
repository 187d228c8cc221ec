#include <zlib.h>

#include <cstring>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/runs/export.hpp>
#include <ebb/experiments/runs/notes.hpp>
#include <ebb/experiments/runs/wandb_file.hpp>

#include "catch.hpp"
#include "made_runs.hpp"

namespace runs_export_test {

using Catch::Matchers::Contains;
using namespace ebb::app;
using namespace ebb::app::runs;

Trial trial_of(const TempFolder& folder) {
  make_run(folder / "r");
  write_notes(folder / "r", {.tags = {"best"}, .note = "a note"});
  const auto trials = trials_of(read_run(folder / "r", "r").value());
  REQUIRE(trials.size() == 1);
  return trials[0];
}

// The messages of a log of LevelDB, as its description has it; checksums are verified.
std::vector<std::string> messages_of(const std::string& log) {
  std::vector<std::string> all;
  std::string message;
  for (std::size_t at = 7; at < log.size();) {
    const std::size_t left = 32768 - at % 32768;
    if (left < 7) {
      CHECK(log.substr(at, left) == std::string(left, '\0'));
      at += left;
      continue;
    }
    std::uint32_t sum = 0;
    std::uint16_t size = 0;
    std::memcpy(&sum, &log[at], 4);
    std::memcpy(&size, &log[at + 4], 2);
    const char type = log[at + 6];
    REQUIRE(size + 7u <= left);
    const auto* const bytes = reinterpret_cast<const Bytef*>(&log[at + 6]);
    CHECK(crc32(0, bytes, size + 1u) == sum);
    message += log.substr(at + 7, size);
    at += 7u + size;
    CHECK((type == 1 || type == 2) == (message.size() == size));
    if (type == 2 || type == 3) continue;
    all.push_back(message);
    message.clear();
  }
  CHECK(message.empty());
  return all;
}

TEST_CASE("a table of runs is quoted as RFC 4180 has it, and is the same as JSON") {
  RunRecord run{.name = "r"};
  run.values = {
      {"run", std::string("r")}, {"note", std::string("a \"b\", c\nd")}, {"loss", .1}, {"updates", std::int64_t{3}}};
  CHECK(export_csv({run}, {"run", "note", "loss", "updates", "valid"}) ==
        "run,note,loss,updates,valid\nr,\"a \"\"b\"\", c\nd\",0.1,3,\n");
  const auto json = nlohmann::json::parse(export_json({run, run}, {"run", "note", "loss", "updates", "valid"}));
  REQUIRE(json.size() == 2);
  CHECK(json[1] == nlohmann::json{{"run", "r"}, {"note", "a \"b\", c\nd"}, {"loss", .1}, {"updates", 3}});
  CHECK(nlohmann::json::parse(export_json({}, {})).empty());
}

TEST_CASE("each seed is a trial with its curve, options, results and notes") {
  const TempFolder folder;
  const Trial t = trial_of(folder);
  CHECK(t.name == "r");
  CHECK(t.curve.size() == 2);
  CHECK(text_of(t.options.at("task")) == "adding");
  CHECK(t.results.at("loss") == .5);
  CHECK(t.results.at("word error rate") == 12.5);
  CHECK(t.tags == std::vector<std::string>{"best"});
  CHECK(t.started > 1.7e9);
  CHECK(scalars_of(t, t.curve[0]).size() == 4);
  CHECK(scalars_of(t, t.curve[1]).back() == std::pair<std::string, double>{"valid/loss", .25});
  std::filesystem::rename(folder / "r/curve.csv", folder / "r/curve-3.csv");
  std::filesystem::copy(folder / "r/curve-3.csv", folder / "r/curve-12.csv");
  const auto seeds = trials_of(read_run(folder / "r", "r").value());
  REQUIRE(seeds.size() == 2);
  CHECK(seeds[0].name == "r/seed-3");
  CHECK(seeds[1].name == "r/seed-12");
  CHECK(seeds[0].id != seeds[1].id);
  write_all(folder / "r/summary.json", "{");
  CHECK_THROWS_WITH(trials_of(read_run(folder / "r", "r").value()),
                    Contains("r/summary.json' is not readable as JSON"));
}

TEST_CASE("the file for W&B is a log of LevelDB with a message for each update") {
  const TempFolder folder;
  Trial t = trial_of(folder);
  t.note = std::string(70'000, 'n');  // longer than two blocks
  for (int k = 3; k < 400; ++k) t.curve.push_back({.step = k, .loss = 1});
  const std::string log = wandb_file(t, "mine");
  CHECK(log.substr(0, 7) == std::string(":W&B\xe1\xbe\0", 7));
  const auto messages = messages_of(log);
  CHECK(messages.size() == t.curve.size() + 4);  // header, run, updates, summary, end
  CHECK_THAT(messages[1], Contains(t.note) && Contains("mine") && Contains("best") && Contains("\"gru\""));
  CHECK_THAT(messages[3], Contains("valid/loss") && Contains("0.25") && Contains("_step"));
}

TEST_CASE("MLflow's folder has a file for each metric, option and tag") {
  const TempFolder folder;
  const Trial t = trial_of(folder);
  for (int k = 0; k < 2; ++k) export_mlflow(t, folder / "ml");  // the second replaces the first
  const std::string run = folder / "ml/1/" + t.id;
  CHECK_THAT(read_all(run + "/metrics/train/loss"), Contains(" 0.5 1\n") && Contains(" 0.25 2\n"));
  CHECK_THAT(read_all(run + "/metrics/valid/loss"), Contains(" 0.25 2\n"));
  CHECK_THAT(read_all(run + "/metrics/word error rate"), Contains(" 12.5 2\n"));
  CHECK(read_all(run + "/params/cell") == "gru");
  CHECK(read_all(run + "/tags/mlflow.runName") == "r");
  CHECK_THAT(read_all(run + "/meta.yaml"), Contains("status: 3\n") && Contains("run_id: \"" + t.id + "\"\n"));
  CHECK_THAT(read_all(folder / "ml/1/meta.yaml"), Contains("name: \"ebb\"\n"));
}

TEST_CASE("names that are paths stay within the folder that is exported to") {
  const TempFolder folder;
  Trial t = trial_of(folder);
  t.options["../../up"] = std::string("x");
  t.results["/etc/x"] = 1;
  export_mlflow(t, folder / "deep/ml");
  CHECK_FALSE(folder.has("deep/up"));
  CHECK_FALSE(folder.has("up"));
  CHECK(std::filesystem::exists(folder / "deep/ml/1/" + t.id + "/metrics/_/etc/x"));
}

TEST_CASE("TensorBoard's events are copied, or made from the learning curve") {
  const TempFolder folder;
  Trial t = trial_of(folder);
  export_tensorboard(t, folder / "board");
  const std::string made = read_all(folder / "board/r/events.out.tfevents.ebb");
  CHECK(made.starts_with(event_file_head(t.started)));
  CHECK_THAT(made, Contains("valid/loss"));
  std::filesystem::create_directories(folder / "r/tensorboard");
  write_all(folder / "r/tensorboard/events.out.tfevents.ebb", "theirs");
  export_tensorboard(trials_of(read_run(folder / "r", "r").value())[0], folder / "board");
  CHECK(read_all(folder / "board/r/events.out.tfevents.ebb") == "theirs");
}

}  // namespace runs_export_test
