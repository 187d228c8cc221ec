#include <algorithm>
#include <ebb/experiments/text_format.hpp>
#include <ebb/experiments/train_results.hpp>
#include <fmt/format.h>

namespace ebb {

void TrainResults::plot(const std::string& name, const TaskInfo& info, const TrainRecord& r) {
  Series losses{.name = name}, norms{.name = name};
  for (const CurvePoint& p : r.curve) {
    losses.x.push_back(p.step), losses.y.push_back(p.loss);
    norms.x.push_back(p.step), norms.y.push_back(p.gradient_norm);
    last_ = std::max(last_, static_cast<double>(p.step));
  }
  loss_.y_label = info.unit;
  loss_.log_y = !info.every_step;
  loss_.series.push_back(std::move(losses));
  norm_.series.push_back(std::move(norms));
}

void TrainResults::add(Job& job, const TaskInfo& info, const Run& run, const TrainRecord& r,
                       std::unique_ptr<Meter> meter) {
  const std::string name = fmt::format("seed {}", run.seed);
  const char* remark = r.interrupted ? "interrupted" : r.waited ? "ended early" : "";
  plot(name, info, r);
  table_.rows.push_back({name, number_text(run.loss), count_text(static_cast<double>(r.curve.size())), count_text(r.clip_events),
                         count_text(r.speed), number_text(run.seconds), bytes_text(static_cast<double>(r.kept_bytes)),
                         r.diverged.empty() ? remark : "diverged at " + r.diverged});
  const Summary::Path at{"runs", std::to_string(run.seed)};
  const auto set = [&](const char* key, auto x) { job.summary.set({at[0], at[1], key}, x); };
  set("loss", run.loss);
  set("trivial_loss", info.trivial);
  set("unit", info.unit);
  set("updates", static_cast<int>(r.curve.size()));
  set("clip_events", r.clip_events);
  set("seconds", run.seconds);
  set("speed", r.speed);
  set("weights", static_cast<double>(run.weights));
  set("kept_bytes", static_cast<double>(r.kept_bytes));
  set("diverged", r.diverged);
  if (!meter) return;
  for (const Measure& m : meter->measures()) {
    measures_.rows.push_back({name, m.name, number_text(m.value), m.unit, number_text(m.guess) + (m.guess_about.empty() ? "" : ", " + m.guess_about)});
    const auto put = [&](const char* key, auto x) { job.summary.set({at[0], at[1], "measures", m.name, key}, x); };
    put("value", m.value), put("unit", m.unit), put("guess", m.guess), put("guess_about", m.guess_about);
  }
  if (!meter_) meter_ = std::move(meter);
}

void TrainResults::report(Job& job, const TaskInfo& info) {
  loss_.marks.push_back({.name = info.trivial_about, .x = {1, std::max(2.0, last_)}, .y = {info.trivial, info.trivial}});
  job.report.plots({loss_, norm_});
  job.report.table(table_);
  if (!meter_) return;
  job.report.section("On the test split");
  job.report.table(measures_);
  meter_->show(job.report);
}

}  // namespace ebb
