#include "../runs/made_runs.hpp"
#include "catch.hpp"
#include "run_ebb.hpp"
#include "train_quick.hpp"

namespace runs_compare_test {

using Catch::Matchers::Contains;
using nlohmann::json;

Outcome compare(const TempFolder& folder, std::vector<std::string> words) {
  words.insert(words.begin(), {"runs", "compare"});
  words.insert(words.end(), {"--in", folder / "runs"});
  return ebb_command(words);
}

/// A run of one seed, as a trial of a sweep is.
void make_seed(const std::string& folder, const MadeRun& about, int seed, double loss) {
  make_run(folder, about);
  json summary = summary_of(folder);
  const json result = summary["runs"]["1"];
  summary["runs"] = {{std::to_string(seed), result}};
  summary["runs"][std::to_string(seed)]["loss"] = loss;
  summary["options"]["seed"] = seed;
  write_all(folder + "/summary.json", summary.dump());
}

TEST_CASE("runs that differ in their seeds only are one side of a comparison, paired with the other by seed") {
  const TempFolder f;
  const std::string trials = f / "runs/a-sweep-with-a-long-name/trials/";
  for (const int seed : {1, 2, 3}) {
    make_seed(trials + "001-gru-seed-" + std::to_string(seed), {.cell = "gru"}, seed, .25 + .01 * seed);
    make_seed(trials + "002-lstm-seed-" + std::to_string(seed + 1), {.cell = "lstm"}, seed + 1, .5 + .02 * seed);
  }
  const Outcome o = compare(f, {"--where", "command = 'train'", "--out", f / "page"});
  INFO(o.out << o.err);
  CHECK(o.code == 0);
  CHECK_THAT(o.out, Contains("gru is below lstm by ") && Contains("Seed 1 of gru and seed 4 of lstm have no partner") &&
                        Contains("1 to 3") && Contains("2 to 4"));
  const auto plots = plots_of(read_all(f / "page/report.html"));
  REQUIRE(plots.size() == 3);
  CHECK(plots[0]["series"].size() == 6);
  const json all = json::parse(compare(f, {"--where", "command = 'train'", "--json"}).out);
  CHECK(all["differing_options"] == json{"cell", "seed"});
  for (const json& run : all["runs"]) CHECK(run["label"] == run["cell"]);
}

TEST_CASE("runs that repeat a seed are not taken together") {
  const TempFolder f;
  for (const char* name : {"a", "a-again"}) make_run(f / "runs/" + name);
  const json all = json::parse(compare(f, {"a", "a-again", "--json"}).out);
  CHECK(all["runs"][0]["label"] == "a");
  CHECK(all["runs"][1]["label"] == "a-again");
  CHECK(all["findings"].dump().find("are equal with 1 seed") != std::string::npos);
}

TEST_CASE("long names that differ in their ends remain different on the terminal") {
  const TempFolder f;
  const std::string begin = "sweep/trials/" + std::string(50, 'x');
  for (const char* end : {"-1", "-2"}) make_run(f / "runs/" + begin + end);
  const Outcome o = compare(f, {begin + "-1", begin + "-2", "--out", f / "page"});
  INFO(o.err);
  CHECK_THAT(o.out, Contains("sweep/trials/xxxxxx…") && Contains("xxx-1 ") && Contains("xxx-2 "));
}

TEST_CASE("a comparison is of runs of ebb train") {
  const TempFolder f;
  make_run(f / "runs/a");
  make_run(f / "runs/v");
  for (const char* command : {"vanish", "sweep"}) {
    json run = json::parse(read_all(f / "runs/v/run.json"));
    run["command"] = command;
    write_all(f / "runs/v/run.json", run.dump());
    check_rejected(compare(f, {"a", "v"}), std::string("'v' is of `ebb ") + command + "`");
  }
  check_rejected(compare(f, {"a", "v"}), "ebb runs compare --where \"run like 'v/trials/%'\"");
}

}  // namespace runs_compare_test
