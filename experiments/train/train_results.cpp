#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/train_results.hpp>

namespace ebb::app {
namespace {

// A logarithmic axis is better for values that span decades, but has too few labels for less.
bool spans_decades(const Plot& p) {
  double low = INFINITY, high = 0;
  for (const auto* lines : {&p.series, &p.marks})
    for (const Series& s : *lines) {
      if (s.outside) continue;
      for (const double y : s.y)
        if (std::isfinite(y) && y > 0) {
          low = std::min(low, y);
          high = std::max(high, y);
        }
    }
  return high > 30 * low;
}

/// The validation score of the weights that are kept; the last one before them if they were not validated.
double validation_of(const TrainRecord& r) {
  double score = NAN;
  for (const CurvePoint& p : r.curve) {
    if (p.validated()) score = p.valid;
    if (p.step == r.kept) break;
  }
  return score;
}

bool beaded(const Plot& p) {
  return std::any_of(p.series.begin(), p.series.end(), [](const Series& s) { return s.beads; });
}

}  // namespace

std::string end_text(const TrainRecord& r, const TaskInfo& info, const TaskSettings& s) {
  const std::string best =
      r.kept > 0
          ? fmt::format("keeping the weights of update {}, which had the best validation score", count_text(r.kept))
          : "";
  const auto updates = count_text(static_cast<double>(r.curve.size()));
  if (r.paused) return fmt::format("paused after update {} and not tested; --resume continues", updates);
  if (r.waited)
    return fmt::format("stopped early, after {} of {}: {} without improvement (--patience); {}", updates,
                       count_text(s.steps, "update"), count_text(s.patience, "validation"), best);
  if (r.enough)
    return fmt::format("stopped early, after {} of {}: the validation loss is below {} {}", updates,
                       count_text(s.steps, "update"), number_text(s.enough), info.unit);
  return best;
}

void TrainResults::plot(const std::string& name, const Run& run, const TaskInfo& info, const TrainRecord& r) {
  Series losses{.name = name, .group = run.cell}, norms{.name = name, .group = run.cell};
  losses.outside = norms.outside = !r.diverged.empty();
  for (const CurvePoint& p : r.curve) {
    losses.x.push_back(p.step);
    losses.y.push_back(p.loss);
    norms.x.push_back(p.step);
    norms.y.push_back(p.gradient_norm);
    last_ = std::max(last_, static_cast<double>(p.step));
  }
  loss_.y_label = info.unit;
  loss_.series.push_back(std::move(losses));
  norm_.series.push_back(std::move(norms));
  plot_validation(name, r);
  any_kept_ |= r.kept > 0;
}

// The quantity used for validation: the loss, plotted with the training loss, or a measure in a separate plot.
void TrainResults::plot_validation(const std::string& name, const TrainRecord& r) {
  const bool measured = validates_by_.has_value();
  const std::string of = measured ? name : name + ", validation";
  Series all{.name = of, .beads = true}, best{.name = name + ", best", .group = of, .dots = true};
  for (const CurvePoint& p : r.curve) {
    if (p.validated()) {
      all.x.push_back(p.step);
      all.y.push_back(p.valid);
    }
    if (p.validated() && p.step == r.kept) {
      best.x.push_back(p.step);
      best.y.push_back(p.valid);
    }
  }
  for (Series* s : {&all, &best})
    if (!s->x.empty()) (measured ? valid_ : loss_).series.push_back(std::move(*s));
}

void TrainResults::add(Job& job, const Task& task, const Run& run, const TrainRecord& r, std::unique_ptr<Meter> meter) {
  const TaskInfo info = task.info();
  validates_by_ = validation_measure(task);
  const std::string name = fmt::format("seed {}", run.seed);
  const char* remark = r.interrupted          ? "interrupted"
                       : r.paused             ? "paused, not tested"
                       : r.waited || r.enough ? "stopped early"
                                              : "";
  plot(name, run, info, r);
  paused_ |= r.paused;
  updates_ += static_cast<double>(r.curve.size());
  clipped_ += r.clip_events;
  runs_.push_back(run);
  if (validates_by_ && valid_.y_label.empty())
    valid_.y_label = *validates_by_;  // the unit is unknown if every run diverged
  table_.rows.push_back({name, number_text(run.loss), count_text(static_cast<double>(r.curve.size())),
                         count_text(r.clip_events), count_text(r.speed), number_text(run.seconds),
                         bytes_text(static_cast<double>(r.kept_bytes)),
                         r.diverged.empty() ? remark : "diverged at " + r.diverged});
  const auto summary = job.summary.under({"runs", std::to_string(run.seed)});
  summary.set({"loss"}, run.loss);
  summary.set({"baseline_loss"}, info.baseline);
  summary.set({"unit"}, info.unit);
  summary.set({"updates"}, static_cast<int>(r.curve.size()));
  summary.set({"clip_events"}, r.clip_events);
  summary.set({"skipped_updates"}, static_cast<double>(r.skipped));
  summary.set({"seconds"}, run.seconds);
  summary.set({"speed"}, r.speed);
  summary.set({"weights"}, static_cast<double>(run.weights));
  summary.set({"kept_bytes"}, static_cast<double>(r.kept_bytes));
  summary.set({"diverged"}, r.diverged);
  summary.set({"stopped_early"}, r.waited || r.enough);
  summary.set({"ended"}, run.ended);
  summary.set({"interrupted"}, r.interrupted || r.paused);
  add_remedies(summary, name, run, r);
  summary.set({"kept_update"}, r.kept > 0 ? r.kept : static_cast<int>(r.curve.size()));
  summary.set({"valid"}, validation_of(r));
  summary.set({"validated_by"}, validates_by_.value_or("loss"));
  if (!meter) return;
  for (const Measure& m : meter->measures()) {
    measures_.rows.push_back({name, m.name, number_text(m.value), m.unit,
                              number_text(m.baseline) + (m.baseline_about.empty() ? "" : ", " + m.baseline_about)});
    const auto measure = summary.under({"measures", m.name});
    measure.set({"value"}, m.value);
    measure.set({"unit"}, m.unit);
    measure.set({"baseline"}, m.baseline);
    measure.set({"baseline_about"}, m.baseline_about);
  }
  if (meter_) return;
  meter_ = std::move(meter);
  if (!validates_by_) return;
  const Measure by = measure_named(*validates_by_, meter_->measures());
  valid_.y_label = fmt::format("{}, {}", by.name, by.unit);
  baseline_ = by.baseline;
  baseline_about_ = by.baseline_about.empty() ? "baseline" : by.baseline_about;
}

std::string TrainResults::finding(const TaskInfo& info) const {
  double sum = 0, n = 0;
  for (const Run& run : runs_)
    if (std::isfinite(run.loss)) {
      sum += run.loss;
      n += 1;
    }
  if (paused_) return "Paused before its last update, so not tested.";
  const auto diverged = static_cast<double>(runs_.size()) - n;
  if (n == 0) return diverged == 1 ? "The run diverged." : "All runs diverged.";
  return fmt::format("Loss on the test split: {} {}{}; baseline: {} {}.{}", number_text(sum / n), info.unit,
                     n > 1 ? fmt::format(" in the mean of {} seeds", n) : "", number_text(info.baseline), info.unit,
                     diverged > 0 ? " " + count_text(diverged, "run") + " diverged." : "");
}

std::string TrainResults::clipping() const {
  if (updates_ == 0) return {};
  if (clipped_ == 0) return "No update was clipped.";
  return fmt::format("{} of {} were clipped.", count_text(clipped_), count_text(updates_, "update"));
}

/// The first and last number of each remedy, in the summary, and all as lines: penalties by update; own updates, of
/// which several precede one update, by their index.
void TrainResults::add_remedies(const Summary::Section& summary, const std::string& name, const Run& run,
                                const TrainRecord& r) {
  for (std::size_t k = 0; k < run.remedies.size(); ++k) {
    Series line{.name = run.remedies.size() > 1 ? fmt::format("{}, {}", name, run.remedies[k]) : name};
    for (const RemedyPoint& p : r.remedies)
      if (p.remedy == static_cast<int>(k)) {
        line.x.push_back(static_cast<double>(line.x.size()) + 1);
        line.y.push_back(p.value);
      }
    const auto s = summary.under({"remedies", run.remedies[k]});
    if (line.y.empty()) continue;
    s.set({"updates"}, static_cast<double>(line.y.size()));
    s.set({"first"}, line.y.front());
    s.set({"last"}, line.y.back());
    remedy_.series.push_back(std::move(line));
  }
}

void TrainResults::report(Job& job, const Task& task) const {
  const TaskInfo info = task.info();
  Plot loss = loss_, valid = valid_, norm = norm_;
  if (runs_.size() > 1)  // of one cell: each seed has its own colour
    for (Plot* p : {&loss, &norm})
      for (Series& s : p->series)
        if (s.group == runs_.front().cell) s.group = s.name;
  if (!runs_.empty()) loss.finding = finding(info);
  norm.finding = clipping();
  norm.caption = "Of the gradient of the loss with respect to all weights, at every update.";
  loss.marks.push_back(
      {.name = info.baseline_about, .x = {1, std::max(2.0, last_)}, .y = {info.baseline, info.baseline}});
  loss.log_y = spans_decades(loss);
  loss.caption = "Training loss of every update. Grey: the baseline.";
  const char* const large = any_kept_ ? " Large marker: the best validation, whose weights were kept." : "";
  if (!validates_by_ && beaded(loss))
    loss.caption += std::string(" Small markers: the loss on the validation split.") + large;
  job.report.plots({loss, norm});
  if (!valid.series.empty()) {
    if (meter_)
      valid.marks.push_back({.name = baseline_about_, .x = {1, std::max(2.0, last_)}, .y = {baseline_, baseline_}});
    valid.caption = std::string("On the validation split. Grey: the baseline.") + large;
    job.report.plots({valid});
  }
  if (!remedy_.series.empty()) {
    Plot remedy = remedy_;
    if (runs_.size() == 1 && remedy.series.size() == 1) remedy.series[0].group = runs_.front().cell;
    remedy.log_y = spans_decades(remedy);
    remedy.caption =
        "What the remedy adds to the training loss at each update, or the loss of each of its own updates.";
    job.report.plots({remedy});
  }
  Table table = table_, measures = measures_;
  if (runs_.size() == 1)  // the colour of its lines
    for (Table* const t : {&table, &measures})
      for (std::vector<Entry>& row : t->rows) row[0].group = runs_.front().cell;
  job.report.table(table);
  for (const Run& run : runs_)
    if (!run.ended.empty()) job.report.note(fmt::format("Seed {}: {}.", run.seed, run.ended));
  if (!meter_) return;
  job.report.section("On the test split");
  job.report.table(measures);
  meter_->show(job.report);
}

}  // namespace ebb::app
