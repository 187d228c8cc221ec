#include <cmath>
#include <ebb/experiments/studies/compare/compare.hpp>
#include <map>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace compare_test {

using namespace ebb;
using namespace ebb::app;
using namespace ebb::app::compare;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

json compared(const TempFolder& folder, std::vector<std::string> more) {
  std::vector<std::string> words{"compare", "--quick", "--out", folder / "out", "--force"};
  words.insert(words.end(), more.begin(), more.end());
  const Outcome o = ebb_command(words);
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  return summary_of(folder / "out");
}

void rejected(std::vector<std::string> words, const std::string& message) {
  const TempFolder folder;
  words.insert(words.begin(), {"compare", "--quick", "--out", folder / "out"});
  const Outcome o = ebb_command(words);
  INFO(o.out << o.err);
  CHECK(o.code == 2);
  CHECK_THAT(o.err, Contains(message));
  CHECK_FALSE(folder.has("out"));
}

Variant with_validation(const std::vector<std::vector<double>>& seeds) {
  Variant v;
  for (const auto& valid : seeds) {
    Trial t{.seed = v.trials.size() + 1, .begun = true};
    for (std::size_t k = 0; k < valid.size(); ++k) {
      t.training.curve.push_back({.step = 2 * static_cast<int>(k) + 1});
      t.training.curve.push_back({.step = 2 * static_cast<int>(k) + 2, .valid = valid[k]});
      t.seconds.insert(t.seconds.end(), {10.0 * double(k) + 2, 10.0 * double(k) + 10});
    }
    v.trials.push_back(t);
  }
  return v;
}

}  // namespace

TEST_CASE("the width for a budget is the multiple whose number of weights is closest to it", "[slow]") {
  const auto square = [](int h) { return std::int64_t{4} * h * h + 3 * h; };
  for (const std::int64_t budget : {1, 7, 100, 4321, 100'000})
    for (const int step : {1, 4, 7}) {
      const int h = width_for(budget, step, square);
      CHECK(h % step == 0);
      for (int other = step; other <= 200 * step; other += step)
        CHECK(std::abs(square(h) - budget) <= std::abs(square(other) - budget));
    }
  CHECK(least_width("lstm", {}) == 1);
  CHECK(least_width("transformer", {}) == 4);
  CHECK(least_width("transformer:heads=6", {}) == 6);
  CHECK_THROWS_WITH(least_width("tcn:kernl=2", {}), Contains("there is no option 'kernl'"));
}

TEST_CASE("embedding tables that all cells share are counted separately") {
  const auto sentiment = make_task("sentiment", {.data = "generated"});
  const Model m{*sentiment, "rnn", TaskSettings{.hidden = 5}, 1};
  const Weights w = weights_of(m, tables_of(*sentiment, {}));
  CHECK(w.counted == (100 + 5 + 1) * 5 + (5 + 1) * 2);
  CHECK(w.tables % 100 == 0);
  CHECK(w.counted + w.tables == m.w.trained());
  CHECK(tables_of(*make_task("chars"), {}).empty());  // as wide as the cell: a wider cell has more of them
}

TEST_CASE(
    "the level to be timed lies nine tenths of the way from a guess to the best, and is timed where it is first "
    "reached") {
  const std::vector<Variant> v{with_validation({{52, 60, 88}, {50, 72, 92}}),
                               with_validation({{50, 51, 52}})};  // best means: 90, 52
  const compare::Goal goal = goal_of({"accuracy", 0, "%", 50, {}, true}, v, NAN);
  CHECK(goal.level == Approx(86));
  CHECK(seconds_to(goal, v[0]).mean == Approx(30));
  CHECK(updates_to(goal, v[0]).mean == Approx(6));
  CHECK(seconds_to(goal, v[0]).count == 2);
  CHECK(seconds_to(goal, v[1]).count == 0);
  CHECK(seconds_to(goal_of({"accuracy", 0, "%", 50, {}, true}, v, 70), v[0]).mean == Approx(25));  // 30 and 20
  const compare::Goal error = goal_of({"loss", 0, "MSE", 100, {}, false}, v, NAN);                 // falls: best is 51
  CHECK(error.level == Approx(100 - .9 * 50));
  CHECK(std::isnan(goal_of({"accuracy", 0, "%", 95, {}, true}, v, NAN).level));  // nothing beat it
  CHECK(seconds_an_update(v[0]).mean == Approx(2));                              // validation left out
}

TEST_CASE("a quick comparison gives cells equal numbers of weights and writes machine-readable results", "[slow]") {
  const TempFolder folder;
  const json s = compared(folder, {"--weights", "6000", "--steps", "40"});
  CHECK(s["task"] == "adding");
  CHECK(s["measure"]["name"] == "loss");
  for (const char* cell : {"rnn", "lstm", "gru", "tcn", "transformer"}) {
    INFO(cell);
    const json& v = s["variants"][cell];
    CHECK(v["weights"].get<double>() == Approx(6000).epsilon(.13));  // a Transformer's widths go by fours
    if (std::string(cell) != "transformer") CHECK(v["weights"].get<double>() == Approx(6000).epsilon(.05));
    CHECK(v["quality"]["seeds"] == 2);
    CHECK(v["quality"]["low"] <= v["quality"]["mean"]);
    CHECK(v["quality"]["mean"].get<double>() < .3);
    CHECK(v["seconds_an_update"]["mean"].get<double>() > 0);
    CHECK(v["kept_bytes"].get<double>() > 1000);
    for (const char* seed : {"1", "2"}) CHECK(v["runs"][seed]["updates"] == 40);
    for (const char* length : {"16", "32", "64"}) CHECK(s["lengths"][cell][length]["seconds"].get<double>() > 0);
    CHECK(s["lengths"][cell]["64"]["kept_bytes"] > s["lengths"][cell]["32"]["kept_bytes"]);
  }
  const auto kept = [&](const char* cell, const char* length) {
    return s["lengths"][cell][length]["kept_bytes"].get<double>();
  };
  CHECK(kept("transformer", "64") / kept("transformer", "32") > kept("lstm", "64") / kept("lstm", "32") + .2);
  CHECK_THAT(read_all(folder / "out/report.html"),
             Contains("At parameter counts as close as the widths allow") && Contains("Cost of longer sequences"));
  CHECK_THAT(read_all(folder / "out/curves.csv"), Contains("\"transformer\",2,40,"));
  CHECK_THAT(read_all(folder / "out/lengths.csv"), Contains("\"tcn\","));
}

TEST_CASE(
    "weights that no width brings near the budget are not called equal, and lengths that are left out not announced") {
  const TempFolder folder;
  const Outcome o = ebb_command({"compare", "--quick", "--task", "tags", "--cells", "rnn,lstm", "--steps", "3",
                                 "--seeds", "1", "--lengths", "0", "--out", folder / "out"});
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  CHECK_THAT(o.out, Contains("weights as close to ") && !Contains("weights each"));
  const json v = summary_of(folder / "out")["variants"];
  REQUIRE(v["lstm"]["weights"].get<double>() > 1.1 * v["rnn"]["weights"].get<double>());  // the letters' reader alone
  const std::string html = read_all(folder / "out/report.html");
  CHECK_THAT(html, Contains("At parameter counts as close as the widths allow") && Contains("but not equal") &&
                       Contains("no width is closer"));
  CHECK_THAT(html, !Contains("At equal parameter counts") && !Contains("the cost of longer sequences"));
  CHECK_THAT(html, Contains(", seed 1.") && !Contains("seeds 1 to 1"));
}

TEST_CASE("a comparison measures the same quality as ebb train, on any number of threads", "[slow]") {
  const TempFolder folder;
  const std::vector<std::string> words{"--task", "pixels",  "--cells", "gru,tcn",   "--seeds",
                                       "1",      "--steps", "60",      "--lengths", "0"};
  auto more = words;
  more.insert(more.end(), {"--threads", "1"});
  const json one = compared(folder, words), two = compared(folder, more);
  CHECK_FALSE(one.contains("lengths"));
  CHECK_THAT(read_all(folder / "out/report.html"),
             Contains("At equal parameter counts") && Contains("trained weights each"));
  for (const char* cell : {"gru", "tcn"}) CHECK(one["variants"][cell]["quality"] == two["variants"][cell]["quality"]);
  const std::string hidden = std::to_string(one["variants"]["tcn"]["hidden"].get<int>());
  const Outcome o = ebb_command({"train", "pixels", "--quick", "--cell", "tcn", "--hidden", hidden, "--steps", "60",
                                 "--patience", "100", "--out", folder / "train"});
  REQUIRE(o.code == 0);
  CHECK(summary_of(folder / "train")["runs"]["1"]["measures"]["accuracy"]["value"] ==
        one["variants"]["tcn"]["quality"]["mean"]);
}

TEST_CASE("embeddings and directions are compared at the same width of each cell") {
  const TempFolder folder;
  write_all(folder / "some.vec", "3 4\nfilm .1 .2 .3 .4\ndull -1 0 0 1\nbright 1 0 0 -1\n");
  const json s = compared(folder, {"--task", "sentiment", "--cells", "rnn,transformer:heads=2", "--embedding",
                                   "learned,onehot," + (folder / "some.vec"), "--direction", "forward,both", "--steps",
                                   "20", "--seeds", "1", "--lengths", "0"});
  CHECK(s["variants"].size() == 12);
  const json& v = s["variants"];
  CHECK(v["rnn, some.vec, both"]["weights_in_tables"].get<int>() ==
        v["rnn, learned, both"]["weights_in_tables"].get<int>() / 25);
  CHECK(v["rnn, onehot, forward"]["weights_in_tables"] == 0);
  CHECK(v["rnn, onehot, forward"]["hidden"] == v["rnn, learned, both"]["hidden"]);
  CHECK(v["rnn, learned, both"]["weights"] > v["rnn, learned, forward"]["weights"]);
  CHECK(s["measure"]["name"] == "accuracy");
}

TEST_CASE("vector files with equal names are distinguished by as much of their paths as needed") {
  const TempFolder folder;
  for (const char* sub : {"a/x", "b/x", "c"}) std::filesystem::create_directories(folder / sub);
  std::string list = "learned";
  for (const char* file : {"a/x/e.vec", "b/x/e.vec", "c/e.vec", "c/other.vec", "c/learned"}) {
    write_all(folder / file, "3 4\nfilm .1 .2 .3 .4\ndull -1 0 0 1\nbright 1 0 0 -1\n");
    list += "," + (folder / file);
  }
  const json s = compared(folder, {"--task", "sentiment", "--cells", "rnn", "--embedding", list, "--steps", "2",
                                   "--seeds", "1", "--lengths", "0"});
  std::vector<std::string> names;
  for (const auto& [name, variant] : s["variants"].items()) names.push_back(name);
  CHECK(names == std::vector<std::string>{"rnn, a/x/e.vec", "rnn, b/x/e.vec", "rnn, c/e.vec", "rnn, c/learned",
                                          "rnn, learned", "rnn, other.vec"});
}

TEST_CASE("the report of several directions claims equal weights for one only, and each line has its own colour") {
  const TempFolder folder;
  compared(folder, {"--task", "sentiment", "--cells", "rnn,gru", "--direction", "forward,both", "--steps", "20",
                    "--seeds", "1", "--lengths", "8,16"});
  const std::string html = read_all(folder / "out/report.html");
  CHECK_THAT(html, !Contains("At equal parameter counts") && Contains("At one width per cell"));
  CHECK_THAT(html, Contains("trained weights with “forward”, for all variants;") && !Contains("trained weights each"));
  const auto plots = plots_of(html);
  REQUIRE(plots.size() == 4);  // validation against time and updates; time and memory against length
  std::map<std::string, int> colours;
  for (const json& series : plots[0]["series"])
    if (series.contains("colour")) colours[series["name"]] = series["colour"];
  for (const json& series : plots[2]["series"])
    CHECK(series["colour"] == colours.at(series["name"].get<std::string>() + ", forward"));
  double last = 0;
  for (const json& row : plots[0]["rows"])
    for (std::size_t k = 1; k <= colours.size(); ++k)
      if (!row[k][1].is_null()) last = std::max(last, row[0].get<double>());
  CHECK(plots[0]["rows"].back()[0] == last);  // and the axis ends where the lines do
}

TEST_CASE("a length that needs too much memory is marked, and the others run") {
  const TempFolder folder;
  const json s = compared(folder, {"--cells", "lstm,transformer", "--steps", "2", "--seeds", "1", "--lengths",
                                   "32,256,5000", "--memory", ".004"});
  CHECK(s["lengths"]["lstm"]["256"].contains("seconds"));
  CHECK_THAT(s["lengths"]["transformer"]["256"]["skipped"].get<std::string>(),
             Contains("peak about ") && Contains(" MB"));
  CHECK_THAT(read_all(folder / "out/report.html"), Contains("peak about"));
  const json t = compared(folder, {"--cells", "transformer", "--steps", "2", "--seeds", "1", "--lengths", "8,5000",
                                   "--memory", "1000", "--rows", "1"});
  CHECK_THAT(t["lengths"]["transformer"]["5000"]["skipped"].get<std::string>(),
             Contains("the maximum of 4096") && !Contains(".cpp"));
}

TEST_CASE("an impossible comparison is rejected before it begins") {
  rejected({"--cells", "lstm,tcm"}, "unknown cell 'tcm'; did you mean 'tcn'?");
  rejected({"--cells", "lstm,lstm"}, "--cells names 'lstm' twice");
  rejected({"--task", "addin"}, "did you mean 'adding'?");
  rejected({"--embedding", "onehot"}, "--embedding does not apply to the task 'adding'");
  rejected({"--direction", "both"}, "--direction does not apply to the task 'adding'");
  rejected({"--task", "sentiment", "--embedding", "learned,nowhere.vec"}, "nowhere.vec");
  rejected({"--cells", "tcn:kernl=2"}, "there is no option 'kernl'");
  rejected({"--lengths", "64,x"}, "--lengths");
  rejected({"--lengths", "64,0"}, "--lengths: 0, for none, cannot be combined");
  rejected({"--rates", "lstm"}, "--rates must be a number, not 'lstm'; NAME=X sets the value for one name");
  rejected({"--rates", ".1"}, "--rates must be CELL=X,..., not '0.1'");
  rejected({"--rates", "mgu=.1"}, "--rates names the cell 'mgu', which is not among --cells");
  rejected({"--task", "images"}, "the network of the task 'images' has no cell that could be replaced");
  rejected({"--equal", "flops", "--weights", "3000"}, "--weights does not apply to --equal flops");
  rejected({"--equal", "parameters"}, "--equal");
  rejected({"--patience", "3"}, "--patience does not apply");
}

}  // namespace compare_test
