#include <ebb/experiments/train/lengths.hpp>
#include <ebb/experiments/train/train.hpp>
#include <sstream>

#include "catch.hpp"
#include "train_quick.hpp"

/// Train short, test long.
namespace lengths_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

std::string why(const std::vector<std::string>& words) {
  try {
    test_lengths(words, 10);
  } catch (const ValueError& e) { return e.what(); }
  return "";
}

std::vector<std::string> lines_of(const std::string& path) {
  std::istringstream text(read_all(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

/// The accuracy of a cell after training on parity, by length.
std::map<int, double> parity_by_length(const std::string& cell, const std::vector<std::string>& more) {
  const TempFolder folder;
  std::vector<std::string> words{"--cell", cell};
  words.insert(words.end(), more.begin(), more.end());
  const json run = train_quick("parity", folder, words);
  std::map<int, double> accuracy;
  for (const auto& [length, score] : run["lengths"].items()) {
    CHECK(score["baseline"] == 50);
    accuracy[std::stoi(length)] = score["value"];
  }
  return accuracy;
}

}  // namespace

TEST_CASE("lengths of the test are given, none, or multiples of that of training") {
  CHECK(test_lengths({}, 10) == std::vector<int>{10, 20, 40, 80, 160});
  CHECK(test_lengths({"none"}, 10).empty());
  CHECK(test_lengths({"30", "5"}, 10) == std::vector<int>{5, 30});
  CHECK(test_lengths({}, 500'000) == std::vector<int>{500'000, 1'000'000});
  CHECK_THAT(why({"5", "x"}), Contains("--test-lengths must be a whole number"));
  CHECK_THAT(why({"0"}), Contains("--test-lengths must be whole numbers from 1 to 1,000,000, not 0"));
  CHECK_THAT(why({"7", "5", "7"}), Contains("--test-lengths names 7 twice"));
}

TEST_CASE("a test at a length is the loss and the measure of the task at that length") {
  const auto task = make_task("parity");
  const TaskSettings s{.hidden = 5, .length = 8, .batch = 16};
  const Model m{*task, "gru", s, 3};
  const LengthTest test = test_at_lengths(m, *task, s, {4, 20});
  CHECK(test.measure == "accuracy");
  CHECK(test.unit == "%");
  REQUIRE(test.scores.size() == 2);
  for (const LengthScore& score : test.scores) {
    TaskSettings at = s;
    at.length = score.length;
    at.batch = 64;
    const auto meter = meter_of(*task);
    CHECK(score.loss == test_loss(m, *task, Split::test, at, 1 << 30, meter.get()));
    CHECK(score.value == meter->measures()[0].value);
    CHECK(score.sequences == 512);
    CHECK(score.baseline == 50);
  }
  CHECK_THROWS_WITH(try_lengths(Model{*task, "transformer:heads=1,longest=30", s, 1}, *task, s, {8, 64}),
                    Contains("tested up to length 64 (--test-lengths)"));
}

TEST_CASE("ebb train writes accuracy by length: figure, table, lengths.csv, summary, for each seed") {
  const TempFolder folder;
  const Outcome o = ebb_command({"train", "parity", "--quick", "--steps", "3", "--seeds", "2", "--cell", "rnn",
                                 "--test-lengths", "8,40", "--out", folder / "out"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK_THAT(o.out, Contains("seed 1: accuracy at length 8: ") && Contains("seed 2: accuracy at length 8: "));
  const std::vector<std::string> lines = lines_of(folder / "out/lengths.csv");
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] == "seed,length,sequences,measure,value,baseline,loss");
  CHECK_THAT(lines[2], Contains("1,40,512,accuracy,"));
  CHECK_THAT(lines[3], Contains("2,8,512,accuracy,"));
  const json runs = summary_of(folder / "out")["runs"];
  for (const char* seed : {"1", "2"})
    for (const char* length : {"8", "40"}) CHECK(runs[seed]["lengths"][length]["baseline"] == 50);
  CHECK(runs["1"]["length_measure"] == "accuracy");
  const std::string page = read_all(folder / "out/report.html");
  CHECK_THAT(page, Contains("Longer sequences than in training") && Contains("Greatest length of training: 8."));
  CHECK_THAT(read_all(folder / "out/figures.json"), Contains("\"lengths\""));
}

TEST_CASE("a run that is paused and resumed has the tests of one that was not, and may have other lengths") {
  const TempFolder folder;
  const std::vector<std::string> words{"train",  "parity",  "--quick",        "--steps", "8",
                                       "--cell", "minlstm", "--test-lengths", "8,16",    "--out"};
  const auto run = [&](const std::string& name, std::vector<std::string> more) {
    std::vector<std::string> all = words;
    all.push_back(folder / name);
    all.insert(all.end(), more.begin(), more.end());
    const Outcome o = ebb_command(all);
    INFO(o.err);
    REQUIRE(o.code == 0);
  };
  run("whole", {});
  run("paused", {"--pause-at", "4"});
  CHECK_FALSE(std::filesystem::exists(folder / "paused/lengths.csv"));
  REQUIRE(ebb_command({"train", "--resume", folder / "paused"}).code == 0);
  CHECK(read_all(folder / "paused/lengths.csv") == read_all(folder / "whole/lengths.csv"));
  REQUIRE(ebb_command({"train", "--resume", folder / "paused", "--test-lengths", "5"}).code == 0);
  CHECK(lines_of(folder / "paused/lengths.csv").size() == 2);
}

TEST_CASE("lengths that do not apply are rejected before any work") {
  const TempFolder folder;
  const auto rejected = [&](std::vector<std::string> words, const std::string& message) {
    words.insert(words.end(), {"--quick", "--out", folder / "out"});
    check_rejected(ebb_command(words), message);
  };
  rejected(
      {"train", "chars", "--test-lengths", "50"},
      "--test-lengths does not apply to the task 'chars', whose sequences cannot have any length; those of adding, "
      "anbn, anbncn, copy, ");
  rejected({"train", "adding", "--test-lengths", "1,50"}, "adding: --length must be at least 2");
  rejected({"train", "reber", "--test-lengths", "8"}, "a string of the embedded Reber grammar has at least 9 symbols");
  rejected({"train", "parity", "--test-lengths", "9,x"}, "--test-lengths must be a whole number");
  rejected({"train", "parity", "--shortest", "9"}, "--shortest must not be greater than --length");
  CHECK(folder.empty());
}

TEST_CASE("an LSTM learns parity for any length, a recurrence with eigenvalues in [0, 1] does not", "[science]") {
  const auto lstm = parity_by_length("lstm", {"--hidden", "8"});
  REQUIRE(lstm.size() == 5);
  CHECK(lstm.rbegin()->first == 16 * 8);
  for (const auto& [length, accuracy] : lstm) CHECK(accuracy > 99);
  for (const char* cell : {"minlstm", "mingru"}) {
    CAPTURE(cell);
    for (const auto& [length, accuracy] : parity_by_length(cell, {}))
      if (length > 16) CHECK(accuracy == Approx(50).margin(7));
  }
}

}  // namespace lengths_test
