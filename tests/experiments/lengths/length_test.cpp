#include <ebb/experiments/lengths/length_run.hpp>
#include <ebb/experiments/train/lengths.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/experiments/train/train.hpp>
#include <fstream>

#include "catch.hpp"
#include "ebb_process.hpp"

// Cells are trained by the program that runs `ebb length`, so it runs as a process here.
namespace length_test {

using namespace ebb::app;
using Catch::Matchers::Contains;
using nlohmann::json;

#ifdef EBB_COMMAND
TEST_CASE("ebb length has the numbers of ebb train --test-lengths, for a user's cell too, and resumes", "[slow]") {
  const TempFolder f;
  const Outcome o = ebb_process(
      "length --cells rnn,mgu --tasks parity,copy --hidden parity=12,8 --gap 4 --copied 2 --quick --out " + (f / "l"));
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  CHECK_THAT(o.out,
             Contains("parity: accuracy, % by length") && Contains("copy: copied, % by length, trained up to 8"));
  const json tasks = summary_of(f / "l")["tasks"];
  for (const char* task : {"parity --hidden 12", "copy --hidden 8 --gap 4 --copied 2"}) {
    const std::string name = std::string(task).substr(0, std::string(task).find(' '));
    const Outcome alone =
        ebb_process("train " + std::string(task) + " --cell mgu --quick --steps 20 --out " + (f / name));
    INFO(alone.err);
    REQUIRE(alone.code == 0);
    const json lengths = summary_of(f / name)["runs"]["1"]["lengths"];
    REQUIRE(lengths.size() == 5);
    REQUIRE(tasks[name]["cells"]["mgu"].size() == 5);
    for (const auto& [length, at] : lengths.items()) {
      CHECK(tasks[name]["cells"]["mgu"][length]["mean"] == at["value"]);
      CHECK(tasks[name]["cells"]["mgu"][length]["baseline"] == at["baseline"]);
    }
  }
  const std::string csv = read_all(f / "l/lengths.csv"), page = read_all(f / "l/report.html");
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 1 + 2 * 2 * 5);
  CHECK_THAT(page, Contains("<svg viewBox") && Contains(">mgu<title>") && Contains("Length generalisation"));

  std::filesystem::remove(f / "l/summary.json");
  for (const auto& entry : std::filesystem::directory_iterator(f / "l/trials"))
    if (entry.path().filename().string().find("mgu") != std::string::npos) std::filesystem::remove_all(entry.path());
  const Outcome again = ebb_process("length --resume " + (f / "l"));
  INFO(again.out << again.err);
  CHECK(again.code == 0);
  CHECK(read_all(f / "l/lengths.csv") == csv);
}

TEST_CASE("cells that were measured in another way are not lost when others are recorded") {
  const TempFolder f;
  const std::string page = f / "lengths.md", data = f / "lengths.json";
  const auto record = [&](const std::string& words) {
    return ebb_process("length --tasks parity --times 1 --steps 2 --hidden 4 --record --force --page " + page +
                       " --out " + (f / "run") + " --cells " + words);
  };
  const Outcome first = record("rnn,gru");
  INFO(first.out << first.err);
  REQUIRE(first.code == 0);
  const std::string before = read_all(data);
  const Outcome other = record("lstm --lr 1e-3");
  CHECK(other.code == 2);
  CHECK_THAT(other.err, Contains("--record: on the page, gru and 1 other cell are on parity by `ebb train parity "));
  CHECK_THAT(other.err, Contains("; this run is by `ebb train parity ") && Contains("--lr 0.001"));
  CHECK(record("rnn --seeds 2").code == 2);
  CHECK(read_all(data) == before);
  CHECK(record("lstm").code == 0);
  CHECK_THAT(read_all(page), Contains("| rnn |") && Contains("| gru |") && Contains("| lstm |"));
  CHECK(record("rnn,gru,lstm --lr 1e-3").code == 0);  // all of them again

  std::filesystem::remove(data);
  const std::string written = read_all(page);
  const Outcome without = record("rnn");
  CHECK(without.code == 2);
  CHECK_THAT(without.err, Contains("lengths.md' has no data: there is no '"));
  CHECK(read_all(page) == written);
  std::ofstream(data) << R"({"papers": {}})";
  CHECK(record("rnn").code == 2);
  CHECK(read_all(page) == written);
}

TEST_CASE("ebb length --cost estimates and trains nothing", "[slow]") {
  const TempFolder f;
  const Outcome o =
      ebb_process("length --cells rnn --tasks parity --times 1,3 --steps 30 --hidden 8 --cost --out " + (f / "c"));
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  CHECK_THAT(o.out, Contains("parity.rnn") && Contains("a seed of 30 updates") && Contains("all, 1 seed each: about"));
  CHECK(!f.has("c/trials"));

  // As if Ctrl-C had come after one of two cells.
  const Outcome two = ebb_process("length --cells rnn,gru --tasks xor --steps 30 --hidden 8 --cost --out " + (f / "t"));
  REQUIRE(two.code == 0);
  std::ofstream(f / "t/costs.json") << R"({"rows": {"xor.rnn": {"updates": 30, "update": 1000.0, "checking": 0.0}}})";
  std::filesystem::remove(f / "t/summary.json");
  const Outcome resumed = ebb_process("length --resume " + (f / "t"));
  INFO(resumed.out << resumed.err);
  REQUIRE(resumed.code == 0);
  CHECK(!f.has("t/trials"));
  CHECK_THAT(resumed.out, Contains("xor.rnn") && Contains("xor.gru"));
  CHECK(summary_of(f / "t")["estimated_seconds"].get<double>() > 15'000);
  CHECK(json::parse(read_all(f / "t/costs.json"))["rows"].size() == 2);
}
#endif

TEST_CASE("the lengths of the test are multiples of the length of training, which each task chooses") {
  lengths::Request r{.cells = {"rnn"}, .tasks = {"parity", "copy"}};
  const lengths::LengthRun by_default{r, Size::quick, {1}};
  const int trained = by_default.entries()[0].training->settings().length;
  CHECK(by_default.entries()[0].training->lengths() ==
        std::vector<int>{trained, 2 * trained, 4 * trained, 8 * trained, 16 * trained});
  r.times = {1, 3};
  const lengths::LengthRun chosen{r, Size::quick, {1}};
  CHECK(chosen.entries()[0].training->lengths() == std::vector<int>{trained, 3 * trained});
  CHECK(chosen.plan().trials.size() == 2);
}

TEST_CASE("all cells are those with weights to train") {
  const auto all = lengths::all_cells();
  const auto has = [&](const char* name) { return std::find(all.begin(), all.end(), name) != all.end(); };
  CHECK((has("lstm") && has("mlstm")));
  CHECK_FALSE((has("saddle") || has("tanhmap")));
  const auto tasks = tasks_of_any_length();
  for (const char* task : {"parity", "anbn", "dyck", "copy", "mqar"})
    CHECK(std::find(tasks.begin(), tasks.end(), task) != tasks.end());
}

TEST_CASE("what ebb length cannot train is found before a folder is made") {
  const auto rejected = [](const std::vector<std::string>& words, const std::string& message) {
    check_rejected("length", words, message);
  };
  rejected({"--cells", "lstn"}, "did you mean 'lstm'?");
  rejected({"--cells", "rnn,rnn"}, "--cells names 'rnn' twice");
  rejected({"--cells", "rnn:depth=2", "--tasks", "parity"}, "rnn:depth=2 on parity: ");
  rejected({"--tasks", "pairty"}, "did you mean 'parity'?");
  rejected({"--tasks", "parity,chars"}, "--tasks chars: its sequences have one length");
  rejected({"--tasks", "parity", "--gap", "3"}, "--gap does not apply to the task 'parity'");
  rejected({"--tasks", "parity", "--times", "0"}, "--times must be whole numbers from 1 to 100,000, not 0");
  rejected({"--tasks", "parity", "--times", "1,1"}, "--times names '1' twice");
  rejected({"--tasks", "parity", "--hidden", "anbn=3"}, "--hidden names the task 'anbn', but the task of this run is");
  rejected({"--tasks", "parity", "--page", "x.md"}, "--page is read only with --record");
  rejected({"--quick", "--record"}, "--record stores results, and a toy run with --quick has none");
}

TEST_CASE("copy at another length is the task with another gap") {
  const auto task = make_task("copy", {.own = {{"copied", "3"}, {"gap", "4"}}});
  const auto& any = *task->as<AnyLength>();
  const auto longer = any.with_length(40), same = make_task("copy", {.own = {{"copied", "3"}, {"gap", "34"}}});
  const BatchRequest r{.split = Split::test, .length = 40, .rows = 5};
  const auto a = longer->batch(r).get<SimpleBatch>(), b = same->batch(r).get<SimpleBatch>();
  REQUIRE(a.steps() == 40);
  CHECK(std::get<EveryStep>(a.targets).tokens.at({38, 2}) == std::get<EveryStep>(b.targets).tokens.at({38, 2}));
  CHECK(longer->info().baseline == same->info().baseline);
  CHECK_THROWS_WITH(any.with_length(6), Contains("a length of 6 has no gap: 3 of --copied take at least 7 steps"));

  TaskSettings s = task->settings(Size::quick);
  s.hidden = 5;
  const Model m{*task, "gru", s, 1};
  const LengthTest test = test_at_lengths(m, *task, s, {10, 40});
  REQUIRE(test.scores.size() == 2);
  CHECK(test.measure == "copied");
  CHECK(test.rises);
  CHECK(test.scores[1].baseline == 12.5);
  s.length = 40;
  s.batch = 64;
  CHECK(test.scores[1].loss == test_loss(m, *same, Split::test, s));
}

}  // namespace length_test
