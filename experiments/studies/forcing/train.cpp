#include <fmt/format.h>
#include <algorithm>
#include <ebb/autograd/shards.hpp>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/studies/forcing/forcing.hpp>
#include <ebb/experiments/train/output.hpp>
#include <ebb/experiments/train/series_batch.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/nn/decoding/scheduled_sampling.hpp>
#include <ebb/optim/adam.hpp>
#include <ebb/optim/clip.hpp>
#include <ebb/optim/schedule.hpp>

namespace ebb::app::forcing {
namespace {

constexpr Output forced_forecast{"forced"}, free_forecast{"free"};  // [B, T]

// The k at which k ln k = u, where k / (k + exp(u / k)) is 1/2; k of at least 1.
double inverse_sigmoid_k(double u) {
  double low = 1, high = std::max(3.0, u);
  for (int step = 0; step < 100; ++step) {
    const double k = (low + high) / 2;
    (k * std::log(k) < u ? low : high) = k;
  }
  return low;
}

}  // namespace

Forecaster::Forecaster(const Practice& p, std::uint64_t seed)
    : w({.seed = seed}), cell(make_cell(p.cell, w / "cell", {1, p.hidden})), out(w / "out", p.hidden, 1) {}

std::unique_ptr<Task> series_of(const Practice& p) {
  auto task = make_task(
      "series", {.data = p.data, .own = {{"column", p.column}, {"ahead", "1"}}, .quick = p.data == "generated"});
  const TaskValues& read = task->inputs().own;
  check_read("column", "series", !p.column.empty(), !read["column"].empty());
  return task;
}

double truth(const std::string& way, int update, int updates, double half) {
  const double middle = std::max(1.0, half * updates);
  const auto u = static_cast<std::uint64_t>(update);
  if (way == "linear") return gold_linear(u, .5 / middle);
  if (way == "exponential") return gold_exponential(u, std::pow(.5, 1 / middle));
  if (way == "inverse-sigmoid") return gold_inverse_sigmoid(u, inverse_sigmoid_k(middle));
  return way == "free" ? 0 : 1;
}

Var forecasts(const Forecaster& m, const Var& x, int context, double p, bool through, const StepContext& step) {
  const int rows = x.dim(1), T = x.dim(0);
  State s = m.cell->initial_state(rows);
  Var own;
  std::vector<Var> all;
  for (int t = 0; t < T; ++t) {
    const StepContext at = step.at_time(t);
    Var in = x[t];
    if (t >= context && p < 1) {
      const Array coins = gold_coins(at, "truth", rows, p).reshape({rows, 1});
      in = where(constant(coins), in, through ? own : detach(own));
    }
    s = m.cell->step(in, s, at);
    own = m.out(checked_output(*m.cell, in, s));
    all.push_back(own);
  }
  return concat(all, 1);
}

namespace {

SeriesBatch training_batch(const Task& task, const Practice& p, int update, std::uint64_t seed) {
  const auto number = static_cast<std::uint64_t>(update);
  return make_batch(task, {.length = p.context + p.horizon, .rows = p.batch, .number = number, .seed = seed})
      .get<SeriesBatch>();
}

PartialLoss squared_error(const Forecaster& m, const SeriesBatch& b, const Practice& p, double gold, Shard& s) {
  const Var y = forecasts(m, s.sequence(b.x).all(), p.context, gold, p.through, s.context());
  const Var wanted = transpose(s.sequence(b.y).all(), {1, 0, 2});
  return s.mean_rows(mean(square(y - reshape(wanted, y.shape())), 1));
}

// The loss of the batch after the last update, in which alone a divergence of that update shows.
std::string divergence_after(const Forecaster& m, const Task& task, const Practice& p, const std::string& way,
                             std::uint64_t seed, double first_loss) {
  const SeriesBatch b = training_batch(task, p, p.steps, seed);
  const double gold = truth(way, p.steps, p.steps, p.half);
  const Result r = evaluate(m.w, {.rows = b.rows(), .update = static_cast<std::uint64_t>(p.steps), .seed = seed},
                            [&](Shard& s) { return squared_error(m, b, p, gold, s); });
  return divergence_at_end(m.w, r.loss, first_loss, task.info());
}

}  // namespace

void train(Forecaster& m, const Task& task, const Practice& p, const std::string& way, std::uint64_t seed, WayRun& run,
           const std::function<void(double)>& watch) {
  Adam adam{m.w, {.lr = p.lr}};
  const Schedule rate = one_cycle(p.lr, p.steps);
  double first_loss = 0;
  run.begun = true;
  for (int u = 0; u < p.steps; ++u) {
    if (interrupted()) return;
    const SeriesBatch b = training_batch(task, p, u, seed);
    const double gold = truth(way, u, p.steps, p.half);
    Result r = backward(m.w, {.rows = b.rows(), .update = static_cast<std::uint64_t>(u), .seed = seed},
                        [&](Shard& s) { return squared_error(m, b, p, gold, s); });
    if (u == 0) first_loss = r.loss;
    if (const std::string what = divergence(r.loss, clip_by_norm(r.grads, 1), first_loss, task.info()); !what.empty()) {
      run.diverged = fmt::format("update {}: {}", u + 1, what);
      return;
    }
    adam.set_lr(rate(u));
    adam.step(r.grads);
    run.update.push_back(u + 1);
    run.loss.push_back(r.loss);
    watch(r.loss);
  }
  if (const std::string what = divergence_after(m, task, p, way, seed, first_loss); !what.empty())
    run.diverged = fmt::format("update {}: {}", p.steps, what);
  run.done = run.diverged.empty();
}

double Errors::over(const std::vector<double>& by_step, int steps) {
  const std::size_t n = std::min(by_step.size(), static_cast<std::size_t>(steps));
  double squares = 0;
  for (std::size_t k = 0; k < n; ++k) squares += by_step[k] * by_step[k];
  return n > 0 ? std::sqrt(squares / static_cast<double>(n)) : NAN;
}

Errors test(const Forecaster& m, const Task& task, const Practice& p, Limit limit) {
  const int T = p.context + p.free, rows = std::min(p.batch, limit.rows);
  std::vector<double> forced(static_cast<std::size_t>(p.free)), free = forced;
  double count = 0;
  for (int k = 0; k < std::min(limit.batches, task.batches(Split::test, T, rows)); ++k) {
    const auto b =
        make_batch(task, {.split = Split::test, .length = T, .rows = rows, .number = static_cast<std::uint64_t>(k)})
            .get<SeriesBatch>();
    const Result r = evaluate(m.w, {.rows = b.rows(), .training = false}, [&](Shard& s) {
      const Var x = s.sequence(b.x).all();
      forced_forecast.put(s, forecasts(m, x, p.context, 1, false, s.context()));
      free_forecast.put(s, forecasts(m, x, p.context, 0, false, s.context()));
      return s.mean_rows(reshape(x[0], {x.dim(1)}));
    });
    for (int row = 0; row < b.rows(); ++row)
      for (int t = 0; t < p.free; ++t) {
        // The first forecast after the context has read only true values, as has that of step context - 1.
        const int at = p.context - 1 + t;
        const double wanted = b.y.at({at, row, 0});
        const double on_truth = forced_forecast.of(r).at({row, at}) - wanted,
                     on_itself = free_forecast.of(r).at({row, at}) - wanted;
        const auto step = static_cast<std::size_t>(t);
        forced[step] += on_truth * on_truth;
        free[step] += on_itself * on_itself;
      }
    count += b.rows();
  }
  for (std::vector<double>* e : {&forced, &free})
    for (double& x : *e) x = std::sqrt(x / count);
  return {forced, free};
}

}  // namespace ebb::app::forcing
