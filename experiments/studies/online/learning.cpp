#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <ebb/autograd/tape.hpp>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/studies/gradient_bias.hpp>
#include <ebb/experiments/studies/online/online.hpp>
#include <ebb/experiments/train/series_batch.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/experiments/train/try_out.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/online/online_learner.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/number.hpp>
#include <ebb/ops/reduce.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <optional>
#include <utility>

namespace ebb::app::online {
namespace {

/// The cell and a linear readout of one value.
struct OnlineModel {
  Params w;
  CellPtr cell;
  Linear out;
  OnlineModel(const OnlineSettings& s, int inputs, std::uint64_t seed)
      : w({.seed = seed}), cell(make_cell(s.cell, w / "cell", {inputs, s.hidden})), out(w / "out", s.hidden, 1) {}

  /// Of a state after the input x.
  Var loss(const Array& x, const State& state, const Array& y) const {
    return mean(squared_error(out(checked_output(*cell, constant(x), state)), constant(y)));
  }
};

/// The series since the last reset: inputs and targets, and the state before each step as it was then.
struct SinceReset {
  SeriesBatch batch;
  std::vector<Array> states{};
  explicit SinceReset(const Batch& b) : batch(b.get<SeriesBatch>()) {}
};

/// The gradient of the loss of step t through the steps from `first` on, from the state before it, with the current
/// weights.
Grads backward_gradient(const OnlineModel& m, const SinceReset& s, int first, int t) {
  Tape tape{{.dtype = f32}};
  State state = as_state(*m.cell, constant(s.states[static_cast<std::size_t>(first)]));
  for (int k = first; k <= t; ++k) state = m.cell->step(constant(s.batch.x[k]), state, StepContext().at_time(k));
  return tape.backward(m.loss(s.batch.x[t], state, s.batch.y[t]));
}

Grads influence_gradient(const OnlineModel& m, const OnlineLearner& learner, const Array& x, const Array& y) {
  Tape tape{{.dtype = f32}};
  const Var s = variable(learner.state());
  Grads g = tape.backward(m.loss(x, as_state(*m.cell, s), y));
  const Array u = g[s].copy();
  g.add(learner.gradient(u));
  return g;
}

double loss_of_state(const OnlineModel& m, const Array& x, const Array& state, const Array& y) {
  const Tape tape{{.dtype = f32}};
  const NoGrad off;
  return m.loss(x, as_state(*m.cell, constant(state)), y).item();
}

/// Of the parameters that a step reads, in float64.
Array part_of_cell(const ebb::detail::ParameterVector& p, const Grads& g) {
  Array all = Array::empty({p.size()}, f64);
  for (int k = 0; k < p.count(); ++k)
    all.range(p.begin(k), p.end(k)).assign(g[p.leaf(k)].reshape({p.end(k) - p.begin(k)}).to(f64));
  return all;
}

double tested_loss(const OnlineModel& m, const Task& task, const OnlineSettings& s) {
  const int batches = std::min(8, task.batches(Split::test, s.reset, s.rows));
  double sum = 0;
  for (int number = 0; number < batches; ++number) {
    const auto b =
        make_batch(
            task,
            {.split = Split::test, .length = s.reset, .rows = s.rows, .number = static_cast<std::uint64_t>(number)})
            .get<SeriesBatch>();
    const Tape tape{{.dtype = f32}};
    const NoGrad off;
    State state = m.cell->initial_state(b.rows());
    for (int t = 0; t < b.steps(); ++t) {
      state = m.cell->step(constant(b.x[t]), state, StepContext().at_time(t));
      sum += m.loss(b.x[t], state, b.y[t]).item() / (double(batches) * b.steps());
    }
  }
  return sum;
}

/// One run, step by step.
class Learning {
 public:
  Learning(const Task& task, const OnlineSettings& s, const Method& method, std::uint64_t seed)
      : task_(task), s_(s), method_(method), seed_(seed), since_(batch_of(0)), model_(s, since_.batch.x.dim(2), seed),
        map_(*model_.cell, model_.w, since_.batch.x[0], f32), optimizer_(make_optimizer(s.optimizer, model_.w, s.lr)) {
    if (!method.backward)
      learner_.emplace(*model_.cell, model_.w, s.rows, map_.inputs(),
                       OnlineOptions{.method = method.name, .seed = seed, .dtype = f32});
  }

  void run(OnlineRun& r, const std::function<void(double)>& watch) {
    using Clock = std::chrono::steady_clock;
    const auto since = [](Clock::time_point t) { return std::chrono::duration<double>(Clock::now() - t).count(); };
    const int point = std::max(1, s_.steps / 200), last = std::max(1, s_.steps / 10);
    double of_point = 0, of_end = 0, first_loss = NAN, seconds = 0;
    r.begun = true;
    for (int step = 1; step <= s_.steps; ++step) {
      if (interrupted()) return;
      auto clock = Clock::now();
      advance(step - 1);
      const double loss = loss_of_state(model_, x(), state_, y());
      const Grads g = gradient();
      seconds += since(clock);
      if (step == 1) first_loss = loss;
      r.diverged = divergence(loss, g.norm(), first_loss, task_.info());
      if (!r.diverged.empty()) break;
      if (step % s_.measure == 0) compare(step, g, r);
      clock = Clock::now();
      optimizer_->step(g);
      seconds += since(clock);
      of_point += loss / point;
      if (step > s_.steps - last) of_end += loss / last;
      if (step % point == 0) {
        r.step.push_back(step);
        r.loss.push_back(std::exchange(of_point, 0));
      }
      watch(loss);
      steps_ = step;
    }
    if (r.diverged.empty()) {
      r.online = of_end;
      r.seconds = seconds / s_.steps;
      r.test = tested_loss(model_, task_, s_);  // the divergence of the last update shows only in what follows it
      r.diverged = divergence_at_end(model_.w, r.test, first_loss, task_.info());
    }
    if (!r.diverged.empty()) r.diverged = fmt::format("step {}: {}", std::min(steps_ + 1, s_.steps), r.diverged);
    r.done = r.diverged.empty();
  }

 private:
  Batch batch_of(std::uint64_t number) const {
    return make_batch(task_, {.length = s_.reset, .rows = s_.rows, .number = number, .seed = seed_});
  }
  Array x() const { return since_.batch.x[time_]; }
  Array y() const { return since_.batch.y[time_]; }

  void advance(int step) {
    time_ = step % s_.reset;
    if (time_ == 0) {
      if (step > 0) since_ = SinceReset(batch_of(static_cast<std::uint64_t>(step / s_.reset)));
      state_ = initial_state(*model_.cell, s_.rows).to(f32);
      if (learner_) learner_->restart();
    }
    since_.states.push_back(state_);
    if (learner_) {
      learner_->advance(x());
      state_ = learner_->state();
    } else {
      state_ = map_.next({.x = x(), .state = state_, .theta = map_.theta(), .at = StepContext().at_time(time_)});
    }
  }

  Grads gradient() const {
    if (learner_) return influence_gradient(model_, *learner_, x(), y());
    return backward_gradient(model_, since_, method_.window == 0 ? 0 : std::max(0, time_ + 1 - method_.window), time_);
  }

  void compare(int step, const Grads& g, OnlineRun& r) const {
    const ebb::detail::ParameterVector& p = map_.parameters();
    const Bias bias = bias_between(part_of_cell(p, g), part_of_cell(p, backward_gradient(model_, since_, 0, time_)));
    r.at.push_back(step);
    r.cosine.push_back(bias.cosine);
    r.ratio.push_back(bias.ratio);
  }

  const Task& task_;
  const OnlineSettings s_;
  const Method method_;
  const std::uint64_t seed_;
  SinceReset since_;
  OnlineModel model_;
  StepMap map_;
  std::optional<OnlineLearner> learner_;  // unless the method goes backward
  std::unique_ptr<Optimizer> optimizer_;
  Array state_;
  int time_ = 0;   // since the reset
  int steps_ = 0;  // with an update
};

}  // namespace

std::vector<std::string> method_names() {
  std::vector<std::string> all{"bptt"};
  all.insert(all.end(), influence_methods().begin(), influence_methods().end());
  return all;
}

Method method_of(const std::string& word) {
  if (word == "bptt") return {.name = word, .backward = true};
  const std::vector<std::string>& influences = influence_methods();
  if (std::find(influences.begin(), influences.end(), word) != influences.end()) return {.name = word};
  double window = 0;
  if (word.starts_with("tbptt:") &&
      ebb::detail::parse_number(std::string_view(word).substr(6), window) == ebb::detail::Parsed::finite &&
      window >= 1 && window <= 100'000 && window == std::floor(window))
    return {.name = word, .backward = true, .window = static_cast<int>(window)};
  std::string known = "tbptt:K through the last K steps (from 1 to 100000)";
  for (const std::string& name : method_names()) known += ", " + name;
  throw ValueError(fmt::format("--gradient names '{}'; there are {}", word, known));
}

void try_online(const Task& task, const OnlineSettings& s, const Method& method) {
  try_optimizer(s.optimizer);
  Params w;
  try_rows(*make_cell(s.cell, w / "cell", {1, s.hidden}), s.cell, s.reset);
  const Batch first = make_batch(task, {.length = s.reset, .rows = s.rows});
  try {
    const Learning begun(task, s, method, 1);
  } catch (const ValueError& e) {
    throw ValueError(
        fmt::format("--gradient {}: {}; rtrl, snap1, uoro, bptt and tbptt:K apply to every cell with weights",
                    method.name, e.what()));
  }
}

void run_online(const Task& task, const OnlineSettings& s, const Method& method, std::uint64_t seed, OnlineRun& run,
                const std::function<void(double)>& watch) {
  Learning(task, s, method, seed).run(run, watch);
}

}  // namespace ebb::app::online
