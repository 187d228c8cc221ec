#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/vanish/vanish.hpp>
#include <map>
#include <numbers>

#include "catch.hpp"
#include "csv_rows.hpp"
#include "run_ebb.hpp"

/// The gradient against the lag during training, as a map.
namespace vanish_map_test {

using namespace ebb;
using namespace ebb::app;

namespace {

std::vector<std::vector<std::string>> rows_of(const std::string& path) {
  auto rows = csv_rows(path);
  rows.erase(rows.begin());  // the header
  return rows;
}

vanish::Profiles profiles(const std::vector<int>& updates, const std::vector<std::vector<double>>& means) {
  vanish::Profiles p;
  for (std::size_t k = 0; k < updates.size(); ++k) {
    LagNorms norms;
    for (const double mean : means[k]) norms.push_back({mean});
    p.add(updates[k], norms);
  }
  return p;
}

vanish::TaskResult task_with(const std::vector<vanish::Profiles>& runs) {
  vanish::TaskResult task;
  task.every = 10;
  task.lags = 3;
  task.cells.push_back({.cell = "rnn"});
  for (const vanish::Profiles& p : runs) task.cells[0].runs.push_back({.begun = true, .during = p});
  return task;
}

}  // namespace

TEST_CASE("the map's numbers are those of gradient profiles taken directly at these updates") {
  TempFolder folder;
  const Outcome o = ebb_command({"vanish", "--quick", "--tasks", "adding", "--cells", "lstm", "--seeds", "1", "--steps",
                                 "20", "--every", "5", "--lags", "30", "--rows", "4", "--out", folder / "out"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  const auto rows = rows_of(folder / "out/gradients-in-training.csv");
  REQUIRE(rows.size() == 5 * 31);

  // The same training again; at other updates the weights are looked at too.
  const auto task = make_task("adding", {.quick = true});
  TaskSettings s = task->comparison_settings(Size::quick);
  s.steps = 20;
  Model model{*task, "lstm", s.hidden, 1};
  std::map<int, Decay> direct;
  TrainKeeper keeper;
  keeper.observe_every = 1;
  keeper.observe = [&](int update) { direct[update] = decay_of(whole_state(gradient_norms(model, *task, 30, 4))); };
  train(model, *task, s, 1, {}, keeper);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const int update = 5 * static_cast<int>(k / 31), lag = static_cast<int>(k % 31);
    CAPTURE(update, lag);
    const std::vector<std::string>& row = rows[k];
    REQUIRE(row[3] == std::to_string(update));
    REQUIRE(row[4] == std::to_string(lag));
    CHECK(row[5] == "4");
    CHECK(row[6] == csv_text(direct.at(update).mean[static_cast<std::size_t>(lag)]));
    CHECK(row[7] == csv_text(direct.at(update).spread[static_cast<std::size_t>(lag)]));
  }

  // And the figure has their ratio to lag 1, in decades.
  const auto cells = rows_of(folder / "out/figures/map-lstm.csv");
  REQUIRE(cells.size() == 5 * 30);
  for (const auto& cell : cells) {
    const Decay& d = direct.at(std::stoi(cell[1]));
    const auto lag = static_cast<std::size_t>(std::stoi(cell[0]));
    CHECK(std::stod(cell[2]) == Approx((d.mean[lag] - d.mean[1]) / std::numbers::ln10).margin(1e-6));
  }
}

TEST_CASE("without training, or with --every 0, there is no map") {
  TempFolder folder;
  for (const char* option : {"--steps", "--every"}) {
    const std::string out = folder / (option + 2);
    REQUIRE(ebb_command({"vanish", "--quick", "--tasks", "adding", "--cells", "rnn", "--seeds", "1", "--lags", "20",
                         option, "0", "--out", out})
                .code == 0);
    CHECK_FALSE(std::filesystem::exists(out + "/gradients-in-training.csv"));
    CHECK(read_all(out + "/report.html").find("during training: the norm") == std::string::npos);
  }
}

TEST_CASE("a map is the mean over runs, and one that ended early keeps its last row") {
  const double decade = std::numbers::ln10;
  const auto fall = [&](double by) { return std::vector<double>{5, 0, -by * decade, -2 * by * decade}; };
  const vanish::TaskResult task =
      task_with({profiles({0, 10, 20}, {fall(1), fall(2), fall(3)}), profiles({0, 7}, {fall(1), fall(0)})});
  const std::vector<HeatMap> maps = vanish::maps_of(task);
  REQUIRE(maps.size() == 1);
  CHECK(maps[0].x == std::vector<double>{1, 2, 3});
  CHECK(maps[0].y == std::vector<double>{0, 10, 20});
  const std::vector<double> wanted{0, -1, -2, 0, -1, -2, 0, -1.5, -3};
  for (std::size_t k = 0; k < wanted.size(); ++k) CHECK(maps[0].values[k] == Approx(wanted[k]).margin(1e-12));
  CHECK(maps[0].low == Approx(-3));
}

TEST_CASE("the scale of a map ends where the gradient is lost in float32, and zero is at that end") {
  const std::vector<double> gone{0, 0, -INFINITY, -INFINITY}, steady{0, 0, 0, 0}, none{0, 0, NAN, NAN};
  const std::vector<HeatMap> maps = vanish::maps_of(task_with({profiles({0, 10}, {gone, steady})}));
  REQUIRE(maps.size() == 1);
  CHECK(maps[0].low == -8);
  CHECK(maps[0].values[1] == -300);
  CHECK(maps[0].finding ==
        "Relative to lag 1, the norm at lag 3 is zero before training and 1.000 at the end; by update 10 it is above a "
        "hundredth.");
  const std::vector<HeatMap> unknown = vanish::maps_of(task_with({profiles({0, 10}, {none, steady})}));
  CHECK(std::isnan(unknown.at(0).values[1]));
  CHECK(unknown.at(0).finding.empty());
}

TEST_CASE("an update that was measured before it was saved is not measured twice") {
  vanish::Profiles p = profiles({0, 5}, {{0, 1}, {2, 3}});
  p.add(5, {{9}, {9}});
  CHECK(p.updates == std::vector<int>{0, 5});
  CHECK(p.at(4)[1] == 1);
  CHECK(p.at(5)[1] == 3);
  CHECK(p.at(100)[0] == 2);
  CHECK(p.at(-1) == nullptr);
}

}  // namespace vanish_map_test
