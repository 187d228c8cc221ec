#include <fmt/format.h>
#include <ebb/experiments/studies/compare/compare.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <limits>

namespace ebb::app::compare {
namespace {

std::optional<Measure> trained(Job& job, const Task& task, const Variant& v, Trial& trial, int& updates) {
  Model model{task, v.cell, v.settings, trial.seed};
  const double start = thread_seconds();
  trial.training = train(model, task, v.settings, trial.seed, [&](const CurvePoint& p) {
    ++updates;
    trial.seconds.push_back(thread_seconds() - start);
    job.progress().advance(1, fmt::format("{} seed {}  {:.4g}", v.name, trial.seed, p.loss));
  });
  if (!trial.ok()) return {};
  auto meter = meter_of(task);
  const std::optional<std::string> by = meter ? meter->validates_by() : std::nullopt;
  if (!by) meter.reset();
  trial.loss = trial.quality = test_loss(model, task, Split::test, v.settings, 1 << 30, meter.get());
  if (!meter) return {};
  const Measure m = measure_named(*by, meter->measures());
  trial.quality = m.value;
  return m;
}

}  // namespace

std::optional<Measure> run_trial(Job& job, const Task& task, const Variant& v, Trial& trial) {
  trial.begun = true;
  int updates = 0;
  std::optional<Measure> m;
  trial.failed = study::attempt([&] { m = trained(job, task, v, trial, updates); });
  if (!trial.ok()) trial.quality = trial.loss = std::numeric_limits<double>::quiet_NaN();
  job.progress().skip(v.settings.steps - updates);
  return m;
}

}  // namespace ebb::app::compare
