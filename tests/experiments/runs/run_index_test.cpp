#include <fmt/format.h>
#include <atomic>
#include <ebb/experiments/runs/export.hpp>
#include <ebb/experiments/runs/notes.hpp>
#include <ebb/experiments/runs/run_index.hpp>
#include <ebb/ops/error.hpp>
#include <thread>

#include "catch.hpp"
#include "made_runs.hpp"
#include "run_ebb.hpp"

namespace run_index_test {

using Catch::Matchers::Contains;
using namespace ebb::app::runs;
namespace fs = std::filesystem;

std::vector<std::string> names(RunIndex& index, const Query& query = {}) {
  std::vector<std::string> all;
  for (const RunRecord& run : index.select(query, {})) all.push_back(run.name);
  return all;
}

std::string everything(RunIndex& index) {
  return export_json(index.select({.sort = {"run"}}, index.columns()), index.columns());
}

void make_three(const TempFolder& folder) {
  make_run(folder / "a", {.cell = "gru", .started = "2026-01-31T14:00:02+01:00", .lr = .1, .valid = .3});
  make_run(folder / "b", {.cell = "lstm", .started = "2026-01-31T14:00:01+01:00", .lr = .01, .valid = .2});
  make_run(folder / "sweep/trial-1", {.cell = "lstm", .started = "2026-01-31T14:00:03+01:00", .lr = .001, .valid = .1});
}

TEST_CASE("runs are found at any depth, and taken by a condition, a tag and an order") {
  const TempFolder folder;
  make_three(folder);
  fs::create_directories(folder / "a/figures");
  fs::create_directories(folder / ".hidden");
  make_run(folder / ".hidden/c");
  fs::create_directory_symlink(folder.path(), folder / "sweep/loop");
  write_notes(folder / "b", {.tags = {"best", "final"}});
  RunIndex index{folder.path()};
  index.refresh();
  using Names = std::vector<std::string>;
  CHECK(names(index) == Names{"b", "a", "sweep/trial-1"});
  CHECK(names(index, {.where = "cell = 'lstm' and valid < .15"}) == Names{"sweep/trial-1"});
  CHECK(names(index, {.sort = {"-valid"}}) == Names{"a", "b", "sweep/trial-1"});
  CHECK(names(index, {.sort = {"cell", "lr"}}) == Names{"a", "sweep/trial-1", "b"});
  CHECK(names(index, {.tag = "final"}) == Names{"b"});
  CHECK(names(index, {.where = "1 = 0 or cell = 'gru'", .tag = "final"}).empty());
  CHECK(names(index, {.tag = "fin"}).empty());
  CHECK_THROWS_WITH(names(index, {.where = "valid <"}), Contains("--where \"valid <\":"));
  CHECK_THROWS_WITH(names(index, {.where = "hiden = 3"}), Contains("did you mean 'hidden'?"));
  CHECK_THROWS_WITH(names(index, {.sort = {"vald"}}), Contains("did you mean 'valid'?"));
}

TEST_CASE("an index that was kept has the same runs as a new one, whatever happened to the folders") {
  const TempFolder folder;
  make_three(folder);
  RunIndex kept{folder.path()};
  kept.refresh();
  make_run(folder / "d", {.cell = "mgu"});
  make_run(folder / "b/inner");                              // in a run that was known
  make_run(folder / "a", {.status = "failed", .loss = .7});  // changed
  fs::rename(folder / "sweep", folder / "moved");
  write_all(folder / "d/summary.json", "{");
  auto summary = summary_of(folder / "moved/trial-1");
  summary["half_life"] = 12.5;  // a column of its own
  write_all(folder / "moved/trial-1/summary.json", summary.dump());
  kept.refresh();
  CHECK(names(kept, {.sort = {"run"}}) == std::vector<std::string>{"a", "b", "b/inner", "d", "moved/trial-1"});
  CHECK(names(kept, {.where = "half_life > 12"}) == std::vector<std::string>{"moved/trial-1"});
  const std::string before = everything(kept);
  CHECK_THAT(before, Contains("damaged") && Contains("\"failed\""));
  kept.rebuild();
  CHECK(everything(kept) == before);
  RunIndex other{folder.path(), folder / "other.sqlite"};
  other.refresh();
  CHECK(everything(other) == before);
  fs::remove_all(folder / "d");
  kept.refresh();
  CHECK(names(kept, {.where = "cell = 'mgu'"}).empty());
}

TEST_CASE("several writers of one index lose nothing") {
  const TempFolder folder;
  constexpr int writers = 3, runs = 12;
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int w = 0; w < writers; ++w)
    threads.emplace_back([&, w] {
      try {
        for (int k = 0; k < runs; ++k) {
          make_run(folder / fmt::format("w{}-{}", w, k), {.hidden = k});
          RunIndex index{folder.path()};
          index.refresh();
          if (k % 4 == 3) index.rebuild();
          index.reread(fmt::format("w{}-{}", w, k));
        }
      } catch (const std::exception& e) {
        ++failures;
        std::fputs((std::string(e.what()) + "\n").c_str(), stderr);
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK(failures == 0);
  RunIndex index{folder.path()};
  CHECK(names(index).size() == writers * runs);  // without another look at the folders
}

TEST_CASE("a thousand runs are listed") {
  const TempFolder folder;
  for (int k = 0; k < 1000; ++k)
    make_run(folder / fmt::format("run-{:04}", k), {.cell = k % 2 ? "gru" : "lstm", .valid = 1e-3 * ((k * 7) % 1000)});
  RunIndex index{folder.path()};
  index.refresh();
  const auto best = index.select({.where = "cell = 'gru'", .sort = {"valid"}}, {"valid"});
  REQUIRE(best.size() == 500);
  CHECK(number_of(best[0]["valid"]) == .001);
  CHECK(std::is_sorted(best.begin(), best.end(), [](const RunRecord& a, const RunRecord& b) {
    return number_of(a["valid"]) < number_of(b["valid"]);
  }));
}

TEST_CASE("a damaged index is made anew, and one of another layout") {
  const TempFolder folder;
  make_three(folder);
  for (const bool other_layout : {false, true}) {
    fs::remove(folder / ".ebb-runs.sqlite");
    if (other_layout) Database{folder / ".ebb-runs.sqlite"}.run("CREATE TABLE runs (x); PRAGMA user_version = 99");
    else write_all(folder / ".ebb-runs.sqlite", std::string(5000, 'x'));
    RunIndex index{folder.path()};
    index.refresh();
    CHECK(names(index).size() == 3);
  }
}

TEST_CASE("a name in double quotes is never a text") {
  Database memory{""};
  memory.run("CREATE TABLE runs (cell)");
  CHECK_THROWS_AS(Statement(memory, R"(SELECT "none" FROM runs)"), ebb::ValueError);
}

TEST_CASE("a run is named by its name, its beginning, or a path") {
  const TempFolder folder, elsewhere;
  make_three(folder);
  make_run(folder / "sweep/trial-2");
  make_run(elsewhere / "far");
  RunIndex index{folder.path()};
  index.refresh();
  CHECK(index.run_of("a").name == "a");
  CHECK(index.run_of("a/").name == "a");
  CHECK(index.run_of("sweep/trial-1").name == "sweep/trial-1");
  CHECK(index.run_of(folder / "b").name == "b");
  CHECK(index.run_of(elsewhere / "far").folder == elsewhere / "far");
  CHECK(index.run_of(elsewhere / "far").name == "far");
  CHECK_THROWS_WITH(index.run_of("sweep/tr"), Contains("begins the names of 2 runs: sweep/trial-1, sweep/trial-2"));
  fs::remove_all(folder / "sweep/trial-2");
  index.refresh();
  CHECK(index.run_of("sweep/tr").name == "sweep/trial-1");
  CHECK_THROWS_WITH(index.run_of("sweep/trail-1"), Contains("did you mean 'sweep/trial-1'?"));
}

TEST_CASE("errors and remarks name a folder that does not exist, or cannot be written") {
  const TempFolder folder;
  CHECK_THROWS_WITH(RunIndex(folder / "none"), Contains("there is no folder") && Contains("--in DIR"));
  CHECK_THROWS_WITH(RunIndex(folder.file("f", "")), Contains("is not a folder"));
  RunIndex proc{"/proc/self/task"};  // not a network, but nothing can be written there
  CHECK_THAT(proc.remark(), Contains("--index FILE"));
  proc.refresh();
  CHECK(names(proc).empty());
  CHECK(RunIndex(folder.path()).remark().empty());
}

}  // namespace run_index_test
