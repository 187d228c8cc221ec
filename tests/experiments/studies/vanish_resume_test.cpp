#include <csignal>
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/experiments/studies/vanish/vanish.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/ops/random.hpp>

#include "catch.hpp"
#include "csv_rows.hpp"
#include "run_ebb.hpp"

/// `ebb vanish` is stopped and resumed.
namespace vanish_resume_test {

using namespace ebb;
using namespace ebb::app;
using nlohmann::json;

namespace {

/// Sends the signal of Ctrl-C when it has made that many batches of training.
class Stopping final : public SimpleTask {
 public:
  static inline std::atomic<int> made = 0, stop_at = -1;
  explicit Stopping(Inputs&) {}
  TaskInfo info() const override { return {.baseline = 1.0 / 12, .baseline_about = "always the mean"}; }
  SimpleSizes sizes() const override { return {.inputs = ValueInputs{1}, .outputs = 1}; }
  TaskSettings settings(Size) const override { return {.hidden = 4, .length = 6, .batch = 4, .steps = 12, .lr = 1e-2}; }
  Batch batch(const BatchRequest& r) const override {
    if (r.split == Split::train && ++made == stop_at) std::raise(SIGTERM);
    const Key key = Key{r.split == Split::train ? r.seed : 0}.named("stopping").at(r.number);
    const Array x = uniform({r.length, r.rows, 1}, key, 0, 1);
    return SimpleBatch{.inputs = x, .targets = LastStep{x[0].copy()}};
  }
  int batches(Split, int, int) const override { return 2; }
};
EBB_TASK(stopping_own, Stopping, "the first number (made by the tests)");

const std::vector<std::string> job{
    "vanish",   "--quick",     "--tasks", "stopping_own", "--cells", "rnn,lstm", "--lags", "25",       "--rows",
    "4",        "--seeds",     "2",       "--every",      "3",       "--steps",  "12",     "--layers", "2",
    "--remedy", "none,clip:.2"};

Outcome ran(std::vector<std::string> words, int stop_at = -1) {
  Stopping::made = 0;
  Stopping::stop_at = stop_at;
  return ebb_command(words);
}

Outcome begun(const std::string& out, int stop_at = -1, const std::string& threads = "1") {
  std::vector<std::string> words = job;
  words.insert(words.end(), {"--out", out, "--threads", threads});
  return ran(words, stop_at);
}

json without_clocks(const std::string& folder) {
  json s = summary_of(folder);
  for (const char* name : {"seconds", "started"}) s.erase(name);
  for (const char* name : {"threads", "out"}) s["options"].erase(name);
  for (auto& cell : s["tasks"]["stopping_own"]["cells"]) {
    for (const char* name : {"seconds", "speed"}) cell.erase(name);
    for (auto& run : cell["runs"]) run.erase("seconds");
  }
  return s;
}

/// training.csv without its column of seconds.
std::vector<std::vector<std::string>> curves(const std::string& folder) {
  auto rows = csv_rows(folder + "/training.csv");
  REQUIRE(rows[0].at(7) == "seconds");
  for (auto& row : rows) row.erase(row.begin() + 7);
  return rows;
}

void check_same(const std::string& a, const std::string& b) {
  CHECK(without_clocks(a) == without_clocks(b));
  CHECK(curves(a) == curves(b));
  for (const char* file : {"/gradients.csv", "/gradients-in-training.csv", "/figures/map-lstm.csv", "/figures.json"})
    CHECK(read_all(a + file) == read_all(b + file));
}

}  // namespace

TEST_CASE("a stopped vanish that is resumed has the same numbers as one that was not, to the bit") {
  TempFolder folder;
  REQUIRE(begun(folder / "whole").code == 0);
  const int all = Stopping::made;
  for (const auto& [name, when] : {std::pair{"early", all / 4}, {"late", all - 5}}) {
    CAPTURE(name);
    const std::string out = folder / name;
    const Outcome first = begun(out, when);
    REQUIRE(first.code == 130);
    CHECK_THAT(first.out, Catch::Matchers::Contains("to resume: ebb vanish --resume " + out));
    CHECK(without_clocks(out) != without_clocks(folder / "whole"));
    const Outcome second = ran({"vanish", "--resume", out, "--threads", "2"});
    INFO(second.err);
    REQUIRE(second.code == 0);
    CHECK(Stopping::made < all);
    check_same(out, folder / "whole");
  }
}

TEST_CASE("a vanish that was stopped within a training continues it") {
  TempFolder folder;
  REQUIRE(begun(folder / "whole").code == 0);
  const int all = Stopping::made;
  REQUIRE(begun(folder / "out", all - 3).code == 130);  // in the last run, after its ninth update or so
  const auto checkpoints = [&] {
    int count = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder / "out/parts"))
      count += file.path().extension() == ".checkpoint";
    return count;
  };
  CHECK(checkpoints() == 1);
  REQUIRE(ran({"vanish", "--resume", folder / "out"}).code == 0);
  CHECK(checkpoints() == 0);
  check_same(folder / "out", folder / "whole");
}

TEST_CASE("a finished vanish that is resumed trains nothing and writes the same page") {
  TempFolder folder;
  REQUIRE(begun(folder / "out").code == 0);
  std::filesystem::copy(folder / "out", folder / "copy", std::filesystem::copy_options::recursive);
  const int all = Stopping::made;
  REQUIRE(ran({"vanish", "--resume", folder / "copy"}).code == 0);
  CHECK(Stopping::made < all / 2);  // cells are tried out
  check_same(folder / "out", folder / "copy");
}

TEST_CASE("a run of vanish is read back to the bit") {
  vanish::Run run{.seed = 7, .begun = true, .loss = -0.0, .seconds = .1, .weights = 12};
  run.init["h"] = {{1e-310, -INFINITY}, {NAN, .1}};
  run.why_init = study::Evidence{.name = "lstm", .cell = "lstm", .length = 9, .gates = {{.name = "f", .field = "c"}}};
  run.training.curve.push_back({.step = 1, .loss = .3});
  run.during.add(0, run.init["h"]);
  const std::string text = json_of(run);
  auto again = from_json<vanish::Run>(text, "run.json");
  CHECK(json_of(again) == text);
  CHECK(again.init["h"][0][0] == 1e-310);
  CHECK(again.during.updates == run.during.updates);
  CHECK_FALSE(again.why_trained);
}

}  // namespace vanish_resume_test
