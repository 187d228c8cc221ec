#include <ebb/experiments/runs/difference.hpp>

#include "../runs/made_runs.hpp"
#include "catch.hpp"
#include "run_ebb.hpp"
#include "train_quick.hpp"

namespace runs_reproduce_test {

using Catch::Matchers::Contains;
using nlohmann::json;
namespace fs = std::filesystem;

Outcome reproduce(const TempFolder& f, const std::string& run, std::vector<std::string> more = {}) {
  std::vector<std::string> words{"runs", "reproduce", run, "--in", f / "runs"};
  words.insert(words.end(), more.begin(), more.end());
  return ebb_command(words);
}

Outcome train(const std::string& out, const std::vector<std::string>& more) {
  std::vector<std::string> words{"train", "adding", "--quick", "--hidden", "4", "--out", out};
  words.insert(words.end(), more.begin(), more.end());
  return ebb_command(words);
}

TEST_CASE("figures of clocks are no difference, whatever command measured them") {
  const TempFolder f;
  const auto write = [&](const char* name, double x) {
    json summary{{"cpu_seconds", x}, {"utilisation", x}, {"seconds", x}, {"ranks", x}, {"trials", {{"all", 3}}}};
    summary["cells"]["gru"] = {{"seconds_to_target", {{"mean", x}}}, {"speed", x}, {"loss", .5}};
    fs::create_directories(f / name);
    write_all(f / (std::string(name) + "/summary.json"), summary.dump());
    write_all(f / (std::string(name) + "/trials.csv"), "trial,valid,seconds\n1,," + std::to_string(x) + "\n");
  };
  write("a", .25);
  write("b", .75);
  const auto d = ebb::app::runs::first_difference(f / "a", f / "b");
  CHECK(d.first.empty());
  CHECK(d.compared.size() == 2);
  write_all(f / "b/trials.csv", "trial,valid,seconds\n1,0.5,1\n");
  CHECK(ebb::app::runs::first_difference(f / "a", f / "b").first == "trials.csv, line 2: valid is none and 0.5");
}

TEST_CASE("a run that was extended is repeated as it was made, to the bit") {
  const TempFolder f;
  REQUIRE(train(f / "runs/r", {"--steps", "12", "--schedule", "cosine"}).code == 0);
  REQUIRE(ebb_command({"train", "--resume", f / "runs/r", "--steps", "30", "--pause-at", "20"}).code == 0);
  REQUIRE(ebb_command({"train", "--resume", f / "runs/r", "--steps", "40"}).code == 0);
  const Outcome o = reproduce(f, "r");
  INFO(o.out << o.err);
  CHECK(o.code == 0);
  CHECK_THAT(o.out, Contains("--steps 12\n") && Contains("--steps 30 --pause-at 20\n") && Contains("--steps 40\n") &&
                        Contains("the same bits as 'r'"));
  CHECK(reproduce(f, "r-again").code == 0);
  REQUIRE(train(f / "runs/r", {"--steps", "12", "--force"}).code == 0);
  CHECK_FALSE(f.has("runs/r/extended.json"));  // of another run
}

TEST_CASE("a run that is paused or damaged is not reproduced, and the reason is named") {
  const TempFolder f;
  REQUIRE(train(f / "runs/p", {"--steps", "12", "--pause-at", "6"}).code == 0);
  CHECK(json::parse(read_all(f / "runs/p/run.json"))["status"] == "paused");
  const json listed = json::parse(ebb_command({"runs", "list", "--json", "--in", f / "runs"}).out)[0];
  CHECK(listed["status"] == "paused");
  CHECK_FALSE(listed.contains("paused"));  // which is its status
  check_rejected(reproduce(f, "p"), "was paused before its end");
  CHECK_THAT(reproduce(f, "p").err, Contains("ebb train --resume " + (f / "runs/p")));
  REQUIRE(ebb_command({"train", "--resume", f / "runs/p"}).code == 0);
  CHECK(json::parse(read_all(f / "runs/p/run.json"))["status"] == "finished");
  CHECK(reproduce(f, "p").code == 0);
  make_run(f / "runs/d");
  write_all(f / "runs/d/run.json", "{");
  const Outcome o = reproduce(f, "d");
  CHECK(o.code == 2);
  CHECK_THAT(o.err, Contains("is damaged") && Contains("run.json"));
  CHECK(o.out.empty());
}

TEST_CASE("the repetition of a trial is no trial of its sweep") {
  const TempFolder f;
  fs::create_directories(f / "runs/s/trials");
  REQUIRE(train(f / "runs/s/trials/001-gru", {"--steps", "6"}).code == 0);
  write_all(f / "runs/s/summary.json", R"({"command": "sweep"})");
  const Outcome o = reproduce(f, "s/trials/001-gru");
  INFO(o.err);
  CHECK(o.code == 0);
  CHECK(f.has("runs/s-001-gru-again/weights.safetensors"));
}

}  // namespace runs_reproduce_test
