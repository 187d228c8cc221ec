#include <cmath>
#include <ebb/experiments/train/gradient_profile.hpp>
#include <ebb/experiments/train/recurrent_network.hpp>
#include <ebb/experiments/train/task.hpp>
#include <ebb/nn/cell.hpp>

#include "catch.hpp"

namespace recurrent_network_test {

using namespace ebb;
using namespace ebb::app;

namespace {

std::unique_ptr<Task> quick_task(const std::string& name, const TaskValues& own = {}) {
  return make_task(name, {.own = own, .quick = true});
}

/// A change of one value of the state that enters a step.
struct Nudge {
  int lag = -1, field = 0;
  std::int64_t at = 0;
  double by = 0;
};

/// The last loss of the first row, step by step.
double last_loss(const Model& m, const ProfileRows& rows, const Nudge& nudge = {}) {
  double loss = 0;
  evaluate(m.w, {.rows = 1, .dtype = f64}, [&](Shard& s) {
    const RecurrentNetwork& network = m.recurrent();
    const Cell& cell = *network.recurrence();
    const Sequence x = network.recurrence_inputs(s, rows.batch());
    State state = cell.initial_state(1);
    const int T = rows.steps_of(0);
    for (int t = 0; t < T; ++t) {
      state = cell.step(x[t], state, s.context().at_time(t));
      if (t != T - 1 - nudge.lag) continue;
      Array change = Array::zeros(state[nudge.field].shape(), f64);
      change.set_flat(nudge.at, nudge.by);
      state[nudge.field] = state[nudge.field] + constant(change);
    }
    const PartialLoss part = network.last_loss(s, rows.batch(), x[T - 1], checked_output(cell, x[T - 1], state));
    loss = part.var().item();
    return part;
  });
  return loss;
}

/// The norm of the gradient at a lag by central differences.
double norm_by_differences(const Model& m, const ProfileRows& rows, int lag, int field, int width) {
  constexpr double step = 1e-5;
  double squares = 0;
  for (int at = 0; at < width; ++at) {
    const double up = last_loss(m, rows, {.lag = lag, .field = field, .at = at, .by = step}),
                 down = last_loss(m, rows, {.lag = lag, .field = field, .at = at, .by = -step});
    squares += std::pow((up - down) / (2 * step), 2);
  }
  return std::sqrt(squares);
}

}  // namespace

TEST_CASE("the gradients of every recurrent task are those of its last loss, by finite differences") {
  struct Case {
    const char* task;
    TaskValues own;
  };
  constexpr int hidden = 3;
  for (const Case& c : {Case{"pixels", {}},
                        {"pixels", {{"order", "permuted"}}},
                        {"series", {}},
                        {"music", {}},
                        {"sentiment", {}},
                        {"sentiment", {{"direction", "both"}, {"embedding", "onehot"}}},
                        {"tags", {}},
                        {"tags", {{"direction", "forward"}}},
                        {"speech", {}},
                        {"translate", {}},
                        {"copy", {}},
                        {"stack", {}},
                        {"anbn", {}},
                        {"group", {}},
                        {"mqar", {{"pairs", "1"}}},
                        {"reber", {}},
                        {"reber", {{"form", "continual"}}},
                        {"delay", {}},
                        {"teacher", {}},
                        {"chars", {}}}) {
    CAPTURE(c.task, c.own.all());
    const auto task = quick_task(c.task, c.own);
    TaskSettings s = task->settings(Size::quick);
    s.hidden = hidden;
    const Model m{*task, "lstm", s, 3};
    const ProfileRows rows{m, *task, {.lags = 4, .rows = 1}};
    REQUIRE(rows.lags() >= 2);
    const GradientNorms norms = gradient_norms(m, rows);
    REQUIRE(norms.size() == 2);
    for (const int lag : {0, 1, rows.lags()}) {
      CAPTURE(lag);
      const auto at = static_cast<std::size_t>(lag);
      for (const auto& [name, field] : {std::pair{"h", 0}, {"c", 1}}) {
        const double wanted = norm_by_differences(m, rows, lag, field, hidden);
        CHECK(std::exp(norms.at(name)[at][0]) == Approx(wanted).epsilon(1e-4).margin(1e-9));
      }
    }
  }
}

TEST_CASE("the last loss of tasks whose loss is that of the last step is the task's own") {
  for (const char* name : {"pixels", "speech"}) {
    CAPTURE(name);
    const auto task = quick_task(name);
    TaskSettings s = task->settings(Size::quick);
    s.hidden = 4;
    const Model m{*task, "gru", s, 2};
    const ProfileRows rows{m, *task, {.lags = 10, .rows = 1}};
    const double whole =
        evaluate(m.w, {.rows = 1, .dtype = f64}, [&](Shard& shard) { return m.loss(shard, rows.batch()); }).loss;
    CHECK(last_loss(m, rows) == Approx(whole).epsilon(1e-9));
  }
}

TEST_CASE("of sequences with lengths of their own the longest are measured, each over the lags that it has") {
  const auto task = quick_task("tags");
  TaskSettings s = task->settings(Size::quick);
  s.hidden = 4;
  const Model m{*task, "gru", s, 2};
  const ProfileRows rows{m, *task, {.lags = 1000, .rows = 12}};
  CHECK(rows.own_lengths());
  CHECK(rows.lags() == rows.longest() - 1);
  const LagNorms norms = gradient_norms(m, rows).at("h");
  REQUIRE(static_cast<int>(norms.size()) == rows.longest());
  for (int lag = 0; lag < rows.longest(); ++lag) {
    std::size_t with = 0;
    for (int row = 0; row < rows.rows(); ++row) with += rows.steps_of(row) > lag;
    CHECK(norms[static_cast<std::size_t>(lag)].size() == with);
  }

  // A row's gradients do not depend on the others.
  const ProfileRows one{m, *task, {.lags = 1000, .rows = 1}};
  CHECK(one.longest() == rows.longest());
}

TEST_CASE("the inputs of a recurrence are the last steps of the longest sequences") {
  const auto task = quick_task("series");
  TaskSettings s = task->settings(Size::quick);
  const Model m{*task, "rnn", s, 2};
  const ProfileRows rows{m, *task, {.lags = 29, .rows = 4}};
  const Array all = profile_inputs(m, rows, 30, 4), last = profile_inputs(m, rows, 10, 2);
  REQUIRE(all.shape() == Shape{30, 4, 1});
  REQUIRE(last.shape() == Shape{10, 2, 1});
  for (int t = 0; t < 10; ++t) CHECK(last.at({t, 1, 0}) == all.at({20 + t, 1, 0}));
}

TEST_CASE("norms of stacked layers are those of one layer by its fields, or of each layer's state") {
  const double three = std::log(3.0), four = std::log(4.0);
  const GradientNorms norms{{"1/h", {{three}}}, {"1/c", {{four}}}, {"2/h", {{0}}}, {"2/c", {{-INFINITY}}}};
  const GradientNorms all = in_layers(norms, 0), first = in_layers(norms, 1), second = in_layers(norms, 2);
  REQUIRE(all.size() == 2);
  CHECK(all.at("layer 1")[0][0] == Approx(std::log(5.0)));
  CHECK(all.at("layer 2")[0][0] == Approx(0).margin(1e-12));
  REQUIRE(first.size() == 2);
  CHECK(first.at("c")[0][0] == four);
  CHECK(second.at("c")[0][0] == -INFINITY);
  CHECK(whole_state(all)[0][0] == Approx(whole_state(norms)[0][0]));
}

TEST_CASE("the error for a network that does not state its recurrence has the reason") {
  const auto caption = quick_task("caption");
  const Model m{*caption, "gru", caption->settings(Size::quick), 1};
  CHECK_THROWS_WITH(m.recurrent(), Catch::Matchers::Contains("attends to the picture with its own output"));
}

}  // namespace recurrent_network_test
