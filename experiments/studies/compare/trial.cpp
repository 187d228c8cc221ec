#include <fmt/format.h>
#include <ebb/experiments/studies/compare/compare.hpp>
#include <ebb/experiments/studies/part_training.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/trial_log.hpp>
#include <limits>

namespace ebb::app::compare {
namespace {

/// A trial as it is kept.
struct KeptTrial {
  Trial trial{};
  std::optional<Measure> measure{};
  void visit(Fields& f) { f("trial", trial)("measure", measure); }
};

std::optional<Measure> tested(const Model& model, const Task& task, const Variant& v, Trial& trial,
                              study::TrialLog& log) {
  auto meter = meter_of(task);
  const std::optional<std::string> by = meter ? meter->validates_by() : std::nullopt;
  if (!by) meter.reset();
  trial.loss = trial.quality = test_loss(model, task, Split::test, v.settings, 1 << 30, meter.get());
  const std::vector<Measure> measures = meter ? meter->measures() : std::vector<Measure>{};
  if (!trial.training.interrupted)
    log.end({.training = trial.training, .weights = model.w, .loss = trial.loss, .measures = measures});
  if (!meter) return {};
  const Measure m = measure_named(*by, measures);
  trial.quality = m.value;
  return m;
}

std::optional<Measure> trained(Parts& parts, const std::string& part, const Task& task, const Variant& v, Trial& trial,
                               int& updates) {
  Model model{task, v.cell, v.settings, trial.seed};
  Job& job = parts.job();
  study::TrialLog log{job, task, v.name, v.cell, v.settings, trial.seed};
  Origin origin{.task = task.name(),
                .cell = v.cell,
                .data = task.data(),
                .options = {{"variant", v.name}},
                .seed = trial.seed,
                .started = study::seconds_since_1970()};
  double start = 0;
  TrainKeeper keeper =
      study::keep_training(parts, part, origin, [&](Archive& a) { a("thread seconds", trial.seconds); });
  keeper.begin = [&](const TrainRecord& before) {
    updates = static_cast<int>(before.curve.size());
    job.progress().skip(updates);
    log.begin(before.curve, origin.started);
    start = thread_seconds() - (trial.seconds.empty() ? 0 : trial.seconds.back());
  };
  log.watch(keeper, model);
  keeper.look = [look = keeper.look, &start](const Grads& g) {  // it is no part of the time that is compared
    const double before = thread_seconds();
    look(g);
    start += thread_seconds() - before;
  };
  trial.training = train(
      model, task, v.settings, trial.seed,
      [&](const CurvePoint& p) {
        ++updates;
        trial.seconds.push_back(thread_seconds() - start);
        log.add(p);
        job.progress().advance(1, fmt::format("{} seed {}  {:.4g}", v.name, trial.seed, p.loss));
      },
      keeper);
  if (!trial.ok()) {
    if (!trial.training.interrupted) log.end({.training = trial.training, .weights = model.w});
    return {};
  }
  return tested(model, task, v, trial, log);
}

}  // namespace

std::optional<Measure> run_trial(Parts& parts, const Task& task, const Variant& v, Trial& trial) {
  const std::string part = fmt::format("{}, seed {}", v.name, trial.seed);
  if (std::optional<KeptTrial> earlier = parts.finished<KeptTrial>(part)) {
    trial = std::move(earlier->trial);
    parts.job().progress().skip(v.settings.steps);
    return earlier->measure;
  }
  trial.begun = true;
  int updates = 0;
  std::optional<Measure> m;
  trial.failed = study::attempt([&] { m = trained(parts, part, task, v, trial, updates); });
  if (!trial.ok()) trial.quality = trial.loss = std::numeric_limits<double>::quiet_NaN();
  parts.job().progress().skip(v.settings.steps - updates);
  if (trial.failed.empty() && !trial.training.interrupted) parts.finish(part, KeptTrial{trial, m});
  return m;
}

}  // namespace ebb::app::compare
