#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/cli/parts.hpp>
#include <ebb/experiments/studies/part_training.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/trial_log.hpp>
#include <ebb/experiments/studies/vanish/vanish.hpp>
#include <ebb/experiments/studies/why_fields.hpp>
#include <ebb/experiments/train/train_fields.hpp>
#include <limits>

namespace ebb::app::vanish {
namespace {

study::Evidence evidence(const Model& model, const Measured& of, const TaskResult& result, const std::string& cell,
                         const GradientNorms& norms) {
  constexpr int most_steps = 200, most_rows = 4;  // seconds in all: the gradients have more
  study::Evidence e =
      study::evidence_of(model, of.rows, cell, result.steps(), whole_state(norms), most_steps, most_rows);
  if (result.layer > 0)
    std::erase_if(e.gates, [&](const auto& g) { return !g.field.starts_with(fmt::format("{}/", result.layer)); });
  return e;
}

/// Measures the initial weights, or takes what was measured for another remedy of the cell; either counts as much of
/// the run's time.
void measure_initial(Job& job, const Model& model, const Measured& of, const TaskResult& result, Run& run,
                     const CellResult& cell, Initial& initial) {
  const double started = job.seconds();
  std::call_once(initial.measured, [&] {
    try {
      initial.norms = chosen_norms(result, gradient_norms(model, of.rows));
      initial.why = evidence(model, of, result, cell.base, initial.norms);
      initial.loss = test_loss(model, *of.task, Split::test, result.settings);
    } catch (...) { initial.error = std::current_exception(); }
    initial.seconds = job.seconds() - started;
  });
  run.init = initial.norms;
  run.why_init = initial.why;
  run.loss_before = initial.loss;
  run.seconds = initial.seconds - (job.seconds() - started);
  if (initial.error) std::rethrow_exception(initial.error);
}

/// One training that is saved within its part, logged, and measured on the way.
TrainRecord trained(Parts& parts, const Measured& of, const TaskResult& result, const CellResult& cell, Run& run,
                    Model& model, study::TrialLog& log, int& updates) {
  Job& job = parts.job();
  const TaskSettings s = settings_of(result, cell);
  Origin origin{.task = result.name,
                .cell = cell.cell,
                .data = result.data,
                .options = {},
                .seed = run.seed,
                .started = study::seconds_since_1970()};
  TrainKeeper keeper = study::keep_training(parts, part_name(result, cell, run), origin,
                                            [&run](Archive& a) { a("profiles", run.during); });
  keeper.begin = [&](const TrainRecord& before) {
    updates = static_cast<int>(before.curve.size());
    job.progress().skip(updates);
    log.begin(before.curve, origin.started);
  };
  keeper.observe_every = result.every;
  keeper.observe = [&](int update) {
    run.during.add(update, whole_state(chosen_norms(result, gradient_norms(model, of.map_rows))));
  };
  log.watch(keeper, model);
  return train(
      model, *of.task, s, run.seed,
      [&](const CurvePoint& p) {
        ++updates;
        log.add(p);
        job.progress().advance(1, fmt::format("{}: {} seed {}  {:.4g}", result.name, cell.cell, run.seed, p.loss));
      },
      keeper);
}

void measure_and_train(Parts& parts, const Measured& of, const TaskResult& result, const CellResult& cell, Run& run,
                       Initial& initial, int& updates) {
  const TaskSettings s = settings_of(result, cell);
  run.begun = true;
  Model model{*of.task, cell.base, s, run.seed};
  run.weights = model.w.trained();
  measure_initial(parts.job(), model, of, result, run, cell, initial);

  study::TrialLog log{parts.job(), *of.task, fmt::format("{}, {}", result.name, cell.cell), cell.base, s, run.seed};
  run.training = trained(parts, of, result, cell, run, model, log, updates);

  if (run.training.curve.empty()) {  // --steps 0, or Ctrl-C: there is no training
    run.loss = run.loss_before;
  } else if (run.training.diverged.empty()) {
    run.loss = test_loss(model, *of.task, Split::test, s);
    run.trained = chosen_norms(result, gradient_norms(model, of.rows));
    run.why_trained = evidence(model, of, result, cell.base, run.trained);
  } else {
    run.loss = std::numeric_limits<double>::quiet_NaN();
  }
  if (!run.training.interrupted) log.end({.training = run.training, .weights = model.w, .loss = run.loss});
}

}  // namespace

void visit(Fields& f, Run& r) {
  f("seed", r.seed)("begun", r.begun)("weights", r.weights)("loss_before", r.loss_before)("loss", r.loss);
  f("seconds", r.seconds)("failed", r.failed)("training", r.training)("init", r.init)("trained", r.trained);
  f("why_init", r.why_init)("why_trained", r.why_trained)("during", r.during);
}

std::string part_name(const TaskResult& task, const CellResult& cell, const Run& run) {
  return fmt::format("{}, {}, seed {}", task.name, cell.cell, run.seed);
}

void make_run(Parts& parts, const Measured& of, const TaskResult& result, const CellResult& cell, Run& run,
              Initial& initial) {
  Job& job = parts.job();
  const std::string part = part_name(result, cell, run);
  if (std::optional<Run> earlier = parts.finished<Run>(part)) {
    run = std::move(*earlier);
    return job.progress().skip(result.settings.steps);
  }
  const double started = job.seconds();
  int updates = 0;
  run.failed = study::attempt([&] { measure_and_train(parts, of, result, cell, run, initial, updates); });
  if (!run.failed.empty()) run.loss = std::numeric_limits<double>::quiet_NaN();
  job.progress().skip(result.settings.steps - updates);
  run.seconds += job.seconds() - started;
  if (run.failed.empty() && !run.training.interrupted) parts.finish(part, run);
}

}  // namespace ebb::app::vanish
