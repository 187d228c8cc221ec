#include <cstdlib>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/commands/results_page.hpp>
#include <filesystem>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace results_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

std::vector<std::string> results(const TempFolder& folder, std::vector<std::string> more) {
  std::vector<std::string> words{"results",   "--page", folder / "docs/page.md", "--runs", folder / "runs", "--quick",
                                 "--threads", "1"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

const RowResult made{.command = "ebb train series",
                     .date = "2026-01-31",
                     .version = "0.1.0",
                     .machine = "2 threads",
                     .weights = 16'961,
                     .seconds = {90, 110, 100},
                     .measures = {{"NRMSE", {"%", "that it stays", 162, {6.5, 7.5, 7}}}}};

}  // namespace

TEST_CASE("ebb results runs a row, stores it, and writes the page from all stored rows", "[slow]") {
  const TempFolder folder;
  const Outcome first = ebb_command(results(folder, {"series", "--seeds", "2"}));
  INFO(first.out << first.err);
  REQUIRE(first.code == 0);
  const RowResults kept = read_results(folder / "docs/page.json");
  REQUIRE(kept.size() == 1);
  const nlohmann::json runs = summary_of(folder / "runs/series")["runs"];
  const RowResult& r = kept.at("series");
  CHECK(r.measures.at("NRMSE").of_seeds ==
        std::vector<double>{runs["1"]["measures"]["NRMSE"]["value"], runs["2"]["measures"]["NRMSE"]["value"]});
  CHECK(r.seconds.size() == 2);
  CHECK(r.weights == runs["1"]["weights"].get<double>());
  CHECK(r.date.size() == 10);
  CHECK_THAT(read_all(folder / "docs/page.md"), Contains("[series](tasks/series.md)") && Contains("not run yet"));

  SECTION("one that was trained but not written is taken over, one that was stopped goes on") {
    std::filesystem::remove_all(folder / "docs");
    std::filesystem::create_directories(folder / "docs");
    std::filesystem::create_symlink("/dev/full", folder / "docs/page.md");  // the page can be opened, but not written
    CHECK(ebb_command(results(folder, {"series", "--seeds", "2"})).code == 2);
    CHECK(std::filesystem::is_symlink(folder / "docs/page.md"));
    std::filesystem::remove_all(folder / "docs");
    const bool stopped = GENERATE(false, true);
    if (stopped) std::filesystem::remove(folder / "runs/series/summary.json");
    const Outcome second = ebb_command(results(folder, {"series", "--seeds", "2"}));
    INFO(second.out << second.err);
    CHECK(second.code == 0);
    CHECK((second.out.find("resuming after") != std::string::npos) == stopped);
    CHECK((second.out.find("update       1") != std::string::npos) == false);
    const RowResult again = read_results(folder / "docs/page.json").at("series");
    CHECK(again.measures.at("NRMSE").of_seeds == r.measures.at("NRMSE").of_seeds);
    CHECK(again.seconds[0] > .1 * r.seconds[0]);  // those of the process before count too
  }
  SECTION("nothing is trained for a page that cannot be written") {
    const Outcome none =
        ebb_command({"results", "series", "--quick", "--runs", folder / "runs", "--page", "/proc/none/page.md"});
    CHECK(none.code == 2);
    CHECK_THAT(none.out, !Contains("update"));
    const Outcome at_folder =
        ebb_command({"results", "series", "--quick", "--runs", folder / "runs", "--page", folder / "docs"});
    CHECK_THAT(at_folder.err, Contains("docs': it is a folder"));
    CHECK_THAT(at_folder.out, !Contains("update"));
  }
  SECTION("one that ended, or was begun with other seeds, is run from scratch when it is asked for") {
    CHECK(ebb_command(results(folder, {"series", "--seeds", "1"})).code == 0);
    CHECK(read_results(folder / "docs/page.json").at("series").seconds.size() == 1);
  }
  SECTION("the list shows each row's result") {
    const Outcome list = ebb_command(results(folder, {"--list"}));
    CHECK_THAT(list.out, Contains("incomplete: a toy run with --quick") && Contains("not run yet"));
  }
}

TEST_CASE("results of an older run are not mistaken for those of an unfinished one") {
  const TempFolder folder;
  REQUIRE(ebb_command(results(folder, {"sentiment", "--seeds", "1"})).code == 0);
  const char* const before = std::getenv("EBB_DATA");
  const std::string kept = before ? before : "";
  ::setenv("EBB_DATA", folder.path().c_str(), 1);  // no reviews there, so that a run not quick ends at once
  for (int k = 0; k < 2; ++k) {
    const Outcome o = ebb_command(
        {"results", "sentiment", "--seeds", "1", "--page", folder / "docs/other.md", "--runs", folder / "runs"});
    INFO(o.out << o.err);
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Contains("its previous result is kept"));
    CHECK_FALSE(folder.has("runs/sentiment/summary.json"));
  }
  before ? ::setenv("EBB_DATA", kept.c_str(), 1) : ::unsetenv("EBB_DATA");
}

TEST_CASE("a row that another job is training is skipped") {
  const TempFolder folder;
  RunFolder busy{folder / "runs/series", true};
  busy.create();
  busy.lock();
  busy.write("config.toml", "theirs");
  write_all(folder / "runs/series.command", "theirs");
  const Outcome o = ebb_command(results(folder, {"series"}));
  CHECK(o.code == 2);
  CHECK_THAT(o.err, Contains("is in use"));
  CHECK(read_all(folder / "runs/series/config.toml") == "theirs");
  CHECK(read_all(folder / "runs/series.command") == "theirs");
  CHECK_FALSE(folder.has("docs/page.md"));
}

TEST_CASE("a row can miss its target in quality, time or size") {
  const ResultRow& series = result_row("series");
  CHECK(shortfall(series, made).empty());
  RowResult worse = made;
  worse.measures.at("NRMSE").of_seeds = {8.5, 9.5, 9};
  CHECK_THAT(shortfall(series, worse), Contains("NRMSE is 9, not"));
  CHECK_THAT(results_page({{"series", worse}}), Contains("**goal missed**") && Contains("9 %"));
  RowResult slow = made, large = made;
  slow.seconds = {200, 500, 350};
  large.weights = 20'001;
  CHECK_THAT(shortfall(series, slow), Contains("350 s per seed"));
  CHECK_THAT(shortfall(series, large), Contains("20,001 weights"));
  RowResult few = made, toy = made;
  few.seconds = {90};
  toy.quick = true;
  CHECK_THAT(shortfall(series, few), Contains("1 of 3 seeds"));
  CHECK_THAT(results_page({{"series", toy}}), Contains("a toy run with --quick"));
}

TEST_CASE("docs/results.md is the page of docs/results.json") {
  CHECK(results_page(read_results(EBB_SOURCE_DIR "/docs/results.json")) == read_all(EBB_SOURCE_DIR "/docs/results.md"));
}

TEST_CASE("stored results read back unchanged, and foreign files are rejected by name") {
  const TempFolder folder;
  write_all(folder / "a.json", results_json({{"series", made}}));
  CHECK(results_json(read_results(folder / "a.json")) == results_json({{"series", made}}));
  CHECK(results_page(read_results(folder / "a.json")) == results_page({{"series", made}}));
  CHECK(read_results(folder / "none.json").empty());
  write_all(folder / "b.json", "{\"series\": 3}");
  CHECK_THROWS_WITH(read_results(folder / "b.json"), Contains("b.json") && Contains("not written by ebb results"));
  const Outcome unknown = ebb_command(results(folder, {"serie"}));
  CHECK(unknown.code == 2);
  CHECK_THAT(unknown.err, Contains("unknown row 'serie'; did you mean 'series'?"));
}

}  // namespace results_test
