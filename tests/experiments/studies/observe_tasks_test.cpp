#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <complex>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/observe/lyapunov.hpp>
#include <ebb/ops/linalg.hpp>

#include "catch.hpp"
#include "observed.hpp"
#include "train_quick.hpp"

/// ebb observe on tasks with networks of their own.
namespace observe_tasks_test {

using namespace ebb;
using namespace ebb::app;
using namespace ebb::app::observe;
using Catch::Matchers::Contains;

namespace {

struct Observable {
  const char* task;
  TaskValues own;
  int steps;  ///< of its sequences; 0: any number
};
const std::vector<Observable> with_own_networks{{"delay", {{"delay", "3"}}, 0},
                                                {"series", {}, 0},
                                                {"pixels", {}, 28},
                                                {"pixels", {{"order", "permuted"}}, 784},
                                                {"reber", {{"form", "continual"}}, 0}};

std::shared_ptr<const Task> made(const std::string& name, const TaskValues& own) {
  return make_task(name, {.own = own, .quick = true});
}

TaskSettings small(const Task& task) {
  TaskSettings s = task.settings(Size::quick);
  s.hidden = 4;
  return s;
}

/// The loss of the network on a batch, and the mean of its losses by step, over the steps that have a target.
std::pair<double, double> losses(const Model& m, const Batch& batch, int first) {
  double sum = 0;
  const Result r = evaluate(m.w, {.rows = batch.rows(), .dtype = f64, .training = false, .shards = 1}, [&](Shard& s) {
    const RecurrentNetwork& network = m.recurrent();
    const auto of_step = network.step_loss(batch);
    const Cell& cell = cell_of(network);
    const Sequence x = network.recurrence_inputs(s, batch);
    State state = cell.initial_state(batch.rows());
    for (int t = 0; t < batch.steps(); ++t) {
      state = cell.step(x[t], state, s.context());
      const Array loss = of_step(checked_output(cell, x[t], state), t).value();
      for (std::int64_t k = 0; k < loss.size(); ++k) {
        sum += loss.at_flat(k);
        if (t < first) CHECK(loss.at_flat(k) == 0);
      }
    }
    return m.loss(s, batch);
  });
  return {r.loss, sum / (batch.rows() * (batch.steps() - first))};
}

}  // namespace

TEST_CASE("the losses of single steps are those of the network's loss") {
  for (const auto& [name, own, first] : {std::tuple{"delay", TaskValues{{"delay", "3"}}, 3},
                                         {"series", {}, 0},
                                         {"reber", {{"form", "continual"}}, 0},
                                         {"flipflop", {}, 0},
                                         {"xor", {{"delay", "2"}}, 4}}) {
    CAPTURE(name);
    const auto task = made(name, own);
    const Model m{*task, "gru", small(*task), 1, 0, f64};
    const auto [whole, steps] = losses(m, task->batch({.split = Split::test, .length = 20, .rows = 3}), first);
    CHECK(steps == Approx(whole).epsilon(1e-9));
  }
  const auto strings = made("reber", {}), images = made("pixels", {});
  const Batch b = strings->batch({.split = Split::test, .length = 60, .rows = 3});
  CHECK_FALSE(Model(*strings, "gru", small(*strings), 1).recurrent().step_loss(b));
  CHECK_FALSE(Model(*images, "gru", small(*images), 1)
                  .recurrent()
                  .step_loss(images->batch({.split = Split::test, .length = 28, .rows = 3})));
}

TEST_CASE("a linear recurrence has the exponents of its matrix, along the data of any task") {
  for (const Observable& o : with_own_networks) {
    CAPTURE(o.task);
    const auto task = made(o.task, o.own);
    const Subject s = Subject::initial(task, "rnn:activation=linear", small(*task), 5);
    const Amount a = within_data(s, {.steps = 300, .rows = 2});
    CHECK(a.steps == (o.steps > 0 ? std::min(o.steps, 300) : 300));
    CHECK(s.length == (o.steps > 0 ? o.steps : task->settings(Size::quick).length));
    const ComplexArrays spectrum = eigenvalues(s.model().w.find("net/cell/U").value().to(f64));
    std::vector<double> rates;
    for (int k = 0; k < 4; ++k)
      rates.push_back(std::log(std::abs(std::complex(spectrum.real.at({k}), spectrum.imag.at({k})))));
    std::sort(rates.rbegin(), rates.rend());
    const Lyapunov l = lyapunov(s.cell(), drive_of(s, a), start_of(s, a), {.directions = 0, .determinants = 1});
    CHECK(l.exponents[0].value == Approx(rates[0]).margin(.1));
    CHECK(l.mean.value == Approx((rates[0] + rates[1] + rates[2] + rates[3]) / 4).margin(1e-6));
  }
}

TEST_CASE("of strings with lengths of their own, the longest are followed to the end of the shortest of these") {
  const auto task = made("reber", {});
  const Subject s = Subject::initial(task, "gru", small(*task), 1);
  const Batch b = task->batch({.split = Split::test, .length = 200, .rows = 32});
  const Lengths lengths = s.model().recurrent().recurrence_lengths(b);
  std::vector<int> sorted(lengths.data(), lengths.data() + 32);
  std::sort(sorted.rbegin(), sorted.rend());
  const Array x = s.inputs(200, 3);
  CHECK(x.shape() == Shape{sorted[2], 3, 7});
  for (int row = 0; row < 3; ++row)
    for (int t = 0; t < sorted[2]; ++t) {
      double sum = 0;
      for (int k = 0; k < 7; ++k) sum += x.at({t, row, k});
      CHECK(sum == 1);
      if (t == 0) CHECK(x.at({0, row, 0}) == 1);
    }
  CHECK(s.inputs(5, 3).dim(0) == 5);
}

TEST_CASE("ebb observe measures everything on tasks with networks of their own, and on those of one length", "[slow]") {
  std::vector<Observable> all = with_own_networks;
  all.push_back({"reber", {}, 0});
  all.push_back({"copy", {}, 0});
  all.push_back({"tags", {}, 0});
  for (const Observable& o : all) {
    const TempFolder f;
    std::vector<std::string> words{"--cell", "gru", "--task", o.task, "--hidden", "6"};
    for (const auto& [name, value] : o.own.all()) words.insert(words.end(), {"--" + name, value});
    CAPTURE(o.task);
    const nlohmann::json s = observed(f / "out", words);
    const nlohmann::json& of = s["subjects"]["gru"];
    for (const char* measure :
         {"norms", "map", "jacobians", "gates", "fixed_points", "sensitivity", "attribution", "curvature"}) {
      CAPTURE(measure);
      CHECK(of.contains(measure));
    }
    if (o.steps > 0)
      CHECK_THAT(read_all(f / "out/report.html"),
                 Contains(fmt::format("of {} steps of the test split", std::min(o.steps, 200))));
  }
}

TEST_CASE("ebb train --observe follows a task with a network of its own") {
  const TempFolder folder;
  train_quick("pixels", folder, {"--steps", "4", "--observe", "lyapunov,norms,map", "--every", "2", "--hidden", "5"});
  CHECK_THAT(read_all(folder / "out/report.html"), Contains("2 sequences of 28 steps of the validation split"));
  const auto s = observed(folder / "again", {folder / "out", "--measure", "norms,lyapunov"});
  CHECK(s["subjects"].size() == 1);
}

TEST_CASE("what a task has no data or no recurrence for is rejected with the reason") {
  CHECK_THAT(error_of({"--cell", "rnn", "--task", "pixels", "--length", "100"}),
             Contains("--length 100: the task 'pixels' has 28 steps to follow"));
  CHECK_THAT(error_of({"--cell", "rnn", "--task", "copy", "--gap", "5", "--length", "100"}),
             Contains("--length 100: the task 'copy' has 25 steps to follow"));
  CHECK_THAT(error_of({"--cell", "rnn", "--task", "caption"}), Contains("acts on the next step in two ways"));
  CHECK_THAT(error_of({"--cell", "rnn", "--task", "images"}), Contains("there is no state to follow"));
  CHECK_THAT(error_of({"--cell", "rnn", "--task", "delay", "--remedy", "flossing"}),
             Contains("this is what the remedy 'flossing' needs of the task 'delay'"));
  CHECK_THAT(error_of({"--cell", "tcn", "--task", "delay"}), Contains("runs over whole sequences and has no step"));
}

}  // namespace observe_tasks_test
