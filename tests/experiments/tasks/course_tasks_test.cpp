#include <fmt/format.h>
#include <cmath>
#include <cstdlib>
#include <ebb/experiments/report/pictures.hpp>
#include <ebb/experiments/tasks/series/data.hpp>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/series_batch.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/nn/cell_list.hpp>

#include "catch.hpp"
#include "goes_on.hpp"
#include "train_quick.hpp"

namespace course_tasks_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

const std::vector<std::string> with_recurrence{"sentiment", "pixels", "tags", "series"};

std::string why(const std::string& task, const std::string& data) {
  try {
    make_task(task, {.data = data});
  } catch (const FileError& e) { return e.what(); }
  return "nothing";
}

}  // namespace

TEST_CASE("a confusion matrix has light numbers on its dark squares") {
  ConfusionMatrix counts(2);
  Tokens predicted({5}), wanted({5});
  predicted.data()[1] = predicted.data()[3] = 1;  // two of the four of class 0 are taken for class 1
  predicted.data()[4] = wanted.data()[4] = 1;
  counts.add(predicted, wanted);
  const std::string svg = confusion_svg({"a", "b"}, counts);
  CHECK_THAT(svg, Contains("fill='#fff'>100<") && Contains("text-anchor=middle>50<"));
}

TEST_CASE("each task of the course beats its baseline at --quick", "[science]") {
  for (const auto& [task, measure, least] : {std::tuple{"sentiment", "accuracy", 80.0},
                                             {"images", "accuracy", 60.0},
                                             {"pixels", "accuracy", 60.0},
                                             {"tags", "accuracy", 90.0}}) {
    INFO(task);
    const TempFolder folder;
    const auto run = train_quick(task, folder);
    const double value = run["measures"][measure]["value"], baseline = run["measures"][measure]["baseline"];
    CHECK(value > least);
    CHECK(value > baseline + 15);
    CHECK(run["measures"].contains("F1"));
    CHECK(run["loss"].get<double>() < .6 * run["baseline_loss"].get<double>());
    CHECK_THAT(read_all(folder / "out/report.html"), Contains("Confusion matrix") && Contains("accuracy"));
  }
  const TempFolder folder;
  const auto run = train_quick("series", folder);
  CHECK(run["measures"]["NRMSE"]["value"].get<double>() < 60);  // 100 is always saying the mean
  CHECK_THAT(read_all(folder / "out/report.html"), Contains("Forecast 15 steps ahead"));
}

TEST_CASE("each task's weights record how its data are read, and ebb evaluate reproduces training's result", "[slow]") {
  for (const auto& [task, more] :
       {std::pair<std::string, std::vector<std::string>>{"sentiment", {"--direction", "both"}},
        {"sentiment", {"--embedding", "onehot"}},
        {"pixels", {"--order", "permuted"}},
        {"images", {}},
        {"tags", {"--direction", "forward"}},
        {"series", {"--ahead", "3"}}}) {
    INFO(task);
    const TempFolder folder;
    std::vector<std::string> words{"--steps", "4", "--hidden", "6"};
    words.insert(words.end(), more.begin(), more.end());
    const auto run = train_quick(task, folder, words);
    const Outcome o = ebb_command({"evaluate", "--weights", folder / "out/weights.safetensors"});
    INFO(o.err);
    REQUIRE(o.code == 0);
    const auto again = nlohmann::json::parse(read_all(folder / "out/evaluation-test.json"));
    CHECK(again["loss"] == run["loss"]);
    CHECK(again["measures"] == run["measures"]);
  }
}

TEST_CASE("every registered cell works with the tasks of the course", "[slow]") {
  for (const std::string& name : with_recurrence) {
    const auto task = make_task(name, {.data = "generated"});
    for (const CellInfo& cell : cell_list()) {
      if (cell.about.find("made by the tests") != std::string::npos) continue;
      INFO(name << " " << cell.name);
      const TaskSettings s{.hidden = 8, .length = 9, .batch = 5, .steps = 2};
      Model m{*task, cell.name, s, 1};
      const TrainRecord r = train(m, *task, s, 1);
      CHECK(r.diverged.empty());
      CHECK(r.curve.size() == 2);
    }
  }
}

TEST_CASE("resumed runs of the tasks of the course are bitwise identical", "[slow]") {
  for (const char* name : {"sentiment", "images", "pixels", "tags", "series"})
    goes_on(
        name, "lstm",
        {.hidden = 6, .length = 20, .batch = 7, .steps = 6, .layers = 2, .dropout = .1, .zoneout = .1, .patience = 30},
        {1, 4}, {.data = "generated"});
}

TEST_CASE("a row's prediction does not depend on the other rows or their lengths") {
  for (const char* name : {"sentiment", "tags"}) {
    INFO(name);
    const auto task = make_task(name, {.data = "generated"});
    const TaskSettings s{.hidden = 8};
    const Model m{*task, "gru", s, 3};
    const Batch all = task->batch({.split = Split::train, .rows = 30, .seed = 4});
    const auto scores = [&](const Batch& b) {
      return evaluate(m.w, {.rows = b.rows(), .training = false}, [&](Shard& shard) { return m.loss(shard, b); })
          .rows(class_scores.name);
    };
    const Array together = scores(all);
    for (const std::uint64_t number : {0u, 17u, 59u}) {
      const Batch one = task->batch({.split = Split::test, .rows = 1, .number = number});
      const Batch many = task->batch({.split = Split::test, .rows = 1000});
      int row = 0;
      while (many.items()[static_cast<std::size_t>(row)] != one.items()[0]) ++row;
      const Array alone = scores(one)[0], among = scores(many)[row];
      for (std::int64_t k = 0; k < alone.size(); ++k) CHECK(alone.at_flat(k) == Approx(among.at_flat(k)).margin(1e-6));
    }
    CHECK(together.dim(0) == 30);
  }
}

TEST_CASE("training stops by the task's own metric and restores the best weights") {
  const auto task = make_task("sentiment", {.data = "generated"});
  TaskSettings s = task->settings(Size::quick);
  s.steps = 400;
  s.lr = .05;
  s.patience = 2;
  Model m{*task, "gru", s, 1};
  const TrainRecord r = train(m, *task, s, 1);
  double best = 0;
  for (const CurvePoint& p : r.curve) best = std::max(best, p.valid);
  const auto meter = meter_of(*task);
  test_loss(m, *task, Split::valid, s, 1 << 20, meter.get());
  CHECK(measure_named("accuracy", meter->measures()).value == Approx(best));
  CHECK(best > 80);
  CHECK(r.waited);
}

TEST_CASE("a batch's weight is its number of steps with a target") {
  const auto weight = [](const char* task) {
    return make_task(task, {.data = "generated"})->batch({.split = Split::test, .rows = 3}).weight();
  };
  CHECK(weight("sentiment") == 3);  // one target a row
  CHECK(weight("tags") > 3);
  CHECK(steps_in(Lengths({3}, {4, 1, 2})) == 7);
}

TEST_CASE("class baselines have the correct losses") {
  const ClassBaseline g = class_baseline({50, 30, 20, 0});
  CHECK(g.accuracy == Approx(50));
  CHECK(g.f1 == Approx(100 * (2 * .5 / 1.5) / 3));  // precision .5, recall 1, and two classes never named
  CHECK(g.nats == Approx(-.5 * std::log(.5) - .3 * std::log(.3) - .2 * std::log(.2)));
}

TEST_CASE("Mackey-Glass and Lorenz agree with the literature") {
  const auto task = make_task("series", {.data = "mackey-glass"});
  const auto meter = meter_of(*task);
  const TaskSettings s{.hidden = 2, .length = 100, .batch = 32};
  const Model m{*task, "rnn", s, 1};
  test_loss(m, *task, Split::test, s, 1 << 20, meter.get());
  CHECK(meter->measures()[0].baseline == Approx(162).margin(2));  // persistence, as Voelker 2019 publishes it
  double n = 0, sum = 0, squares = 0;
  for (const auto& series : lorenz(1, 8, 4000).test.series)
    for (const double x : series) {
      n += 1;
      sum += x;
      squares += x * x;
    }
  CHECK(sum / n == Approx(0).margin(1));
  CHECK(std::sqrt(squares / n) == Approx(7.93).margin(.25));  // of the attractor
}

TEST_CASE("--series-length sets the length of generated series, whose values stay, and does not apply to files") {
  for (const char* data : {"mackey-glass", "lorenz", "henon", "generated"}) {
    CAPTURE(data);
    const auto task = make_task("series", {.data = data, .own = {{"series-length", "50"}}, .quick = true});
    CHECK_THAT(task->data(), Contains("series of 50 values"));
    CHECK(task->batches(Split::test, 35, 8) > 0);  // 15 ahead
    CHECK_THROWS_WITH(task->batches(Split::test, 36, 8), Contains("a split has 50 values, fewer than the 51"));
  }
  CHECK(make_task("series", {.quick = true})->data() ==
        make_task("series", {.own = {{"series-length", "600"}}, .quick = true})->data());
  const auto shorter = lorenz(1, 1, 50).test.series[0], longer = lorenz(1, 1, 70).test.series[0];
  CHECK(std::equal(shorter.begin(), shorter.end(), longer.begin()));
  const TempFolder folder;
  std::string csv = "level\n";
  for (int k = 0; k < 500; ++k) csv += std::to_string(k) + "\n";
  write_all(folder / "x.csv", csv);
  check_rejected(ebb_command({"train", "series", "--quick", "--data", folder / "x.csv", "--series-length", "50",
                              "--out", folder / "no"}),
                 "--series-length does not apply to a CSV file");
}

TEST_CASE("a CSV column is split by time and forecast in its own unit") {
  const TempFolder folder;
  std::string csv = "day,level\n";
  for (int k = 0; k < 500; ++k) csv += std::to_string(k) + "," + std::to_string(100 + k) + "\n";
  write_all(folder / "x.csv", csv);
  const auto task = make_task("series", {.data = folder / "x.csv", .own = {{"column", "level"}, {"ahead", "2"}}});
  const auto b = task->batch({.split = Split::test, .length = 10, .rows = 3}).get<SeriesBatch>();
  REQUIRE(b.rows() == 3);
  const double step = b.x.at({1, 0, 0}) - b.x.at({0, 0, 0});
  CHECK(step > 0);
  for (int row = 0; row < 3; ++row)
    for (int t = 0; t < 10; ++t) CHECK(b.y.at({t, row, 0}) - b.x.at({t, row, 0}) == Approx(2 * step).epsilon(1e-3));
  const auto before = task->batch({.split = Split::valid, .length = 10, .rows = 1}).get<SeriesBatch>();
  CHECK(before.x.at({9, 0, 0}) < b.x.at({0, 0, 0}));
  CHECK_THROWS_WITH(task->batch({.split = Split::test, .length = 49, .rows = 1}),
                    Contains("a split has 50 values, fewer than the 51"));
}

TEST_CASE("a series far from zero is learnt like the same series around zero") {
  const TempFolder folder;
  const auto written = [&](double offset) {
    std::string csv = "level\n";
    for (int k = 0; k < 500; ++k) csv += fmt::format("{:.17g}\n", offset + std::round(1024 * std::sin(.1 * k)) / 1024);
    write_all(folder / "x.csv", csv);
    return make_task("series", {.data = folder / "x.csv", .own = {{"ahead", "2"}}});
  };
  const auto near = written(0)->batch({.split = Split::train, .length = 50, .rows = 4}).get<SeriesBatch>();
  for (const double offset : {-1e4, 1e6, 1e7, 1e9, 1e11}) {
    const auto task = written(offset);
    const auto far = task->batch({.split = Split::train, .length = 50, .rows = 4}).get<SeriesBatch>();
    double worst = 0;
    for (int row = 0; row < 4; ++row)
      for (int t = 0; t < 50; ++t) worst = std::max(worst, std::abs(far.x.at({t, row, 0}) - near.x.at({t, row, 0})));
    INFO(offset);
    CHECK(worst < 2e-4);
    CHECK(worst < std::max(1e-6, 4 * offset * 0x1p-53));
    CHECK((task->data().find("digits") != std::string::npos) == (offset > 1e8));
  }
  CHECK_THAT(written(1e12)->data(), Contains("around 1e+12") && Contains("about 3 digits"));
  write_all(
      folder / "x.csv", "level\n" + [] {
        std::string rows;
        for (int k = 0; k < 99; ++k) rows += "1e7\n";
        return rows;
      }());
  CHECK_THROWS_WITH(make_task("series", {.data = folder / "x.csv"}), Contains("all equal"));
}

TEST_CASE("loaders' errors describe the expected files and what is wrong with the given one") {
  const TempFolder folder;
  for (const char* task : {"sentiment", "tags", "images", "pixels"})
    CHECK_THAT(why(task, folder.path()), Contains(folder.path()) && Contains("needs"));
  CHECK_THAT(why("series", folder / "none.csv"),
             Contains("expects mackey-glass, lorenz, henon or an existing CSV file"));
  for (const char* name : {"dev.tsv", "test.tsv"}) write_all(folder / name, "a\tX\n");
  write_all(folder / "train.tsv", "a\tDET\nb NOUN\n");
  CHECK_THAT(why("tags", folder.path()), Contains("train.tsv', line 2: must be a word, a tab and its tag"));
  write_all(folder / "train.tsv", "\n\n");
  CHECK_THAT(why("tags", folder.path()), Contains("contains no sentences"));
  write_all(folder / "rt-polarity.neg", "bad\n");
  write_all(folder / "rt-polarity.pos", "good\n \n");
  CHECK_THAT(why("sentiment", folder.path()), Contains("rt-polarity.pos', line 2: is empty"));
  write_all(folder / "rt-polarity.pos", "good\n\xff\n");
  CHECK_THAT(why("sentiment", folder.path()), Contains("line 2: is not UTF-8"));
  write_all(folder / "rt-polarity.neg", "");
  CHECK_THAT(why("sentiment", folder.path()), Contains("rt-polarity.neg': contains no sentences"));
}

TEST_CASE("an option that does not apply to the task is rejected before anything is written") {
  const TempFolder folder;
  for (const auto& [task, option, value] : {std::tuple{"adding", "--data", "x"},
                                            {"chars", "--direction", "both"},
                                            {"tags", "--order", "rows"},
                                            {"series", "--column", "a"},
                                            {"images", "--embedding", "onehot"},
                                            {"sentiment", "--ahead", "3"},
                                            {"tags", "--text", "e.txt"},
                                            {"images", "--cell", "tcn"},
                                            {"images", "--layers", "3"},
                                            {"images", "--dropout", ".1"},
                                            {"images", "--zoneout", ".1"},
                                            {"pixels", "--length", "10"}}) {
    const Outcome o = ebb_command({"train", task, option, value, "--quick", "--out", folder / "out"});
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Contains(std::string(option) + " does not apply to the task '" + task + "'"));
  }
  CHECK_THAT(ebb_command({"train", "pixels", "--order", "row", "--quick", "--out", folder / "out"}).err,
             Contains("did you mean 'rows'?"));
  CHECK_THAT(ebb_command({"train", "tags", "--direction", "bath", "--quick", "--out", folder / "out"}).err,
             Contains("did you mean 'both'?"));
  CHECK_THAT(ebb_command({"observe", "--task", "images", "--cell", "gru", "--quick", "--out", folder / "out"}).err,
             Contains("the task 'images' has a network without recurrence: there is no state to follow"));
  CHECK_THAT(ebb_command({"vanish", "--tasks", "adding", "--text", "e.txt", "--quick", "--out", folder / "out"}).err,
             Contains("--text does not apply to the task 'adding'"));
  CHECK_THAT(ebb_command({"dropout", "--task", "images", "--quick", "--out", folder / "out"}).err,
             Contains("has no cell"));
  CHECK(folder.empty());
}

TEST_CASE("a run of images, which has no cell, does not report one") {
  const TempFolder folder;
  const Outcome o = ebb_command({"train", "images", "--quick", "--steps", "2", "--out", folder / "out"});
  REQUIRE(o.code == 0);
  CHECK_THAT(o.out, !Contains("lstm"));
  CHECK_THAT(read_all(folder / "out/report.html"), Contains("<h1>images</h1>"));
  CHECK_THAT(ebb_command({"evaluate", "--weights", folder / "out/weights.safetensors"}).out,
             Contains("images, test: ") && !Contains("lstm"));
  CHECK(ebb_command({"train", "--config", folder / "out/config.toml", "--out", folder / "again"}).code == 0);
}

TEST_CASE("word vectors from a file replace the initial values of the embedding", "[slow]") {
  const TempFolder folder;
  write_all(folder / "v.txt", "dull .5 -1 2\nbright 1 2 3\n");
  const auto task = make_task("sentiment", {.data = "generated", .own = {{"embedding", folder / "v.txt"}}});
  const Model m{*task, "gru", TaskSettings{.hidden = 4}, 1};
  CHECK_THAT(task->data(), Contains("; v.txt has 2 of ") && Contains(" words"));
  write_all(folder / "strange.txt", "zzz 1 2\n");
  CHECK_THROWS_WITH(make_task("sentiment", {.data = "generated", .own = {{"embedding", folder / "strange.txt"}}}),
                    Contains("strange.txt': contains none of the"));
  int found = 0;
  for (int k = 0; k < m.w.count(); ++k)
    if (std::string(m.w[k].name()).find("words") != std::string::npos) {
      ++found;
      CHECK(m.w[k].value().dim(1) == 3);
    }
  CHECK(found == 1);
}

TEST_CASE("real data are learnt as synthetic data are", "[slow]") {
  const char* const root = std::getenv("EBB_DATA");
  const auto learns = [&](const std::string& task, const std::string& data, int steps, double least) {
    INFO(task);
    const TempFolder folder;
    const auto run = train_quick(task, folder, {"--data", data, "--steps", std::to_string(steps), "--hidden", "16"});
    CHECK(run["measures"]["accuracy"]["value"].get<double>() > least);
  };
  if (root && std::filesystem::exists(std::string(root) + "/rt-polarity.pos")) learns("sentiment", root, 300, 60);
  else WARN("skipped: EBB_DATA names no folder with rt-polarity.pos");
  if (root && std::filesystem::exists(std::string(root) + "/ud-ewt/train.tsv")) learns("tags", root, 100, 60);
  else WARN("skipped: EBB_DATA names no folder with ud-ewt/train.tsv");
  const std::string fashion = "/usr/share/datasets/fashion-mnist";
  if (std::filesystem::exists(fashion)) learns("images", fashion, 40, 50);
  else WARN("skipped: Debian's package dataset-fashion-mnist is not installed");
}

TEST_CASE("a CSV file without column names loses no row, and an error in a series names its file") {
  const TempFolder folder;
  std::string rows;
  for (int k = 0; k < 300; ++k)
    rows += "2020-01-" + std::to_string(k) + "," + std::to_string(k) + "," + std::to_string(k * k % 23) + "\n";
  const auto data = [&](const std::string& csv, const std::string& column = {}) {
    return csv_series(folder.file("x.csv", csv), column, "");
  };
  const SeriesData bare = data(rows), named = data("day,level,rest\n" + rows, "rest");
  CHECK(bare.train.series == named.train.series);
  CHECK(bare.column == "2");
  CHECK(named.column == "rest");
  CHECK_THAT(bare.source, Contains("300 values") && Contains("the file has no header"));
  CHECK(data(rows, "1").train.series == data("day,level,rest\n" + rows, "level").train.series);
  CHECK(data(rows, "1").column == "1");
  CHECK(data("day,2019, 2020\n" + rows, "2019").column == "2019");  // a year is a name where it is asked for by it
  CHECK(data("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n").train.series[0].front() == 1);
  CHECK(data(" 1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n").train.series[0].front() == 1);
  CHECK_THROWS_WITH(data(rows, "9"), Contains("there is no column '9'"));

  const auto rejection = [&](const std::string& csv) {
    folder.file("odd.csv", csv);
    const Outcome o =
        ebb_command({"train", "series", "--quick", "--data", folder / "odd.csv", "--out", folder / "out"});
    CHECK(o.code == 2);
    return o.err;
  };
  std::string constant = "x\n";
  for (int k = 0; k < 300; ++k) constant += "7\n";
  for (const std::string& csv : {constant, std::string("x\n1\n"), std::string("x\n1\n2\n"), std::string("5\n")})
    CHECK_THAT(rejection(csv), Contains("odd.csv'"));
}

}  // namespace course_tasks_test
