#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/over_training.hpp>

namespace ebb::app::observe {
namespace {

/// The registered measures that were taken, in the order of the page.
std::vector<const MeasureEntry*> measures_in(const std::vector<TrainingRecords>& runs) {
  std::vector<const MeasureEntry*> found;
  for (const MeasureEntry* e : measure_list())
    if (std::any_of(runs.begin(), runs.end(), [&](const TrainingRecords& run) {
          return std::any_of(run.all.begin(), run.all.end(), [&](const auto& r) { return r.measure == e->name; });
        }))
      found.push_back(e);
  return found;
}

std::vector<Moment> moments_of(const TrainingRecords& run, const std::string& measure) {
  std::vector<Moment> moments;
  for (const TrainingRecord& r : run.all)
    if (r.measure == measure && r.failed.empty()) moments.push_back({r.update, r.values});
  return moments;
}

template <class T> T& named(std::vector<T>& all, std::string T::* member, const std::string& name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const T& x) { return x.*member == name; });
  if (found != all.end()) return *found;
  T made;
  made.*member = name;
  all.push_back(std::move(made));
  return all.back();
}

/// "From the first to the last measurement, f: .31 to .52; k: .1 to .2. d is not a number in 2 of 9 measurements."
std::string changes_of(const Plot& p) {
  if (p.series.size() > 8) return {};  // the sentence would be longer than a look at the plot
  std::string changes, missing;
  for (const Series& s : p.series) {
    const auto nan = std::count_if(s.y.begin(), s.y.end(), [](double y) { return std::isnan(y); });
    if (nan > 0) missing += fmt::format(" {} is not a number in {} of {} measurements.", s.name, nan, s.y.size());
    if (std::isnan(s.y.front()) || std::isnan(s.y.back())) continue;
    changes += fmt::format("{}{}: {} to {}", changes.empty() ? "From the first to the last measurement, " : "; ",
                           s.name, number_text(s.y.front()), number_text(s.y.back()));
  }
  if (!changes.empty()) return changes + "." + missing;
  return missing.empty() ? missing : missing.substr(1);
}

/// The numbers of one measure against the updates, a line per number and run.
std::vector<Plot> lines_of(const MeasureEntry& entry, const std::vector<TrainingRecords>& runs) {
  std::vector<Plot> plots;
  const auto measure = entry.make();
  for (const TrainingRecords& run : runs)
    for (const Moment& m : moments_of(run, entry.name))
      for (const Followed& f : measure->followed(m.values)) {
        Plot& p = named(plots, &Plot::title, f.plot);
        p.x_label = "update";
        p.log_y = f.log_y;
        p.caption = f.caption;
        p.whole_bands = true;
        Series& line =
            named(p.series, &Series::name, runs.size() == 1 ? f.name : fmt::format("{}, {}", f.name, run.name));
        line.beads = true;
        line.group = f.name;
        if (runs.size() > 1) line.label = run.name;
        line.x.push_back(m.update);
        line.y.push_back(f.value);
        if (std::isnan(f.low)) continue;
        line.low.resize(line.x.size() - 1, NAN);  // of moments without a band
        line.high.resize(line.x.size() - 1, NAN);
        line.low.push_back(f.low);
        line.high.push_back(f.high);
      }
  for (Plot& p : plots) {
    p.finding = changes_of(p);
    const auto other = [&](const Series& s) { return s.group != p.series.front().group; };
    if (std::any_of(p.series.begin(), p.series.end(), other))  // the run alone would not tell them apart
      for (Series& s : p.series)
        if (!s.label.empty()) s.label = s.name;
  }
  for (Plot& p : plots)
    if (const std::size_t unit = p.title.rfind(", "); unit != std::string::npos) {  // "Title, unit"
      p.y_label = p.title.substr(unit + 2);
      p.title.erase(unit);
    }
  return plots;
}

/// As in `ebb observe`, the command fails if a measurement did; what was trained and measured is kept.
void note_failures(Job& job, const TrainingRecords& run, const std::string& measure) {
  std::string first;
  int failed = 0, all = 0;
  for (const TrainingRecord& r : run.all) {
    if (r.measure != measure) continue;
    ++all;
    if (r.failed.empty()) continue;
    if (++failed == 1) first = fmt::format("after {}: {}", count_text(r.update, "update"), r.failed);
    job.report.note(fmt::format("{}, {} after {}: {}", run.name, measure, count_text(r.update, "update"), r.failed));
    job.summary.set({"observed", run.name, measure, "failed", std::to_string(r.update)}, r.failed);
  }
  if (failed > 0)
    job.fail(fmt::format("--observe {}, {}: {} of {} failed, the first {}", measure, run.name, failed,
                         count_text(all, "measurement"), first));
}

void add_numbers(Job& job, const std::vector<TrainingRecords>& runs, const MeasureEntry& entry) {
  const auto measure = entry.make();
  for (const TrainingRecords& run : runs)
    for (const Moment& m : moments_of(run, entry.name))
      for (const Followed& f : measure->followed(m.values))
        job.summary.set(
            {"observed", run.name, entry.name, fmt::format("{}: {}", f.plot, f.name), std::to_string(m.update)},
            f.value);
}

}  // namespace

void add_training(Job& job, const std::vector<TrainingRecords>& runs) {
  const std::vector<const MeasureEntry*> entries = measures_in(runs);
  if (entries.empty()) return;
  job.report.section(
      "Over training",
      fmt::format("Measured before the first update, after every {} and after the last, along {}, in "
                  "float64. The training is the same to the bit without these measurements, and its time "
                  "does not include them.",
                  count_text(runs.front().every, "update"), runs.front().driven));
  for (const MeasureEntry* e : entries) {
    const auto measure = e->make();
    const std::vector<Plot> plots = lines_of(*e, runs);
    for (std::size_t k = 0; k < plots.size(); k += 2)
      job.report.plots({plots.begin() + static_cast<std::ptrdiff_t>(k),
                        plots.begin() + static_cast<std::ptrdiff_t>(std::min(k + 2, plots.size()))});
    std::vector<OneTraining> trainings;
    for (const TrainingRecords& run : runs)
      if (std::vector<Moment> moments = moments_of(run, e->name); !moments.empty())
        trainings.push_back({runs.size() == 1 ? "" : run.name, std::move(moments)});
    if (!trainings.empty()) measure->present_training(job, trainings);
    add_numbers(job, runs, *e);
  }
  for (const TrainingRecords& run : runs)
    for (const MeasureEntry* e : entries) note_failures(job, run, e->name);
}

}  // namespace ebb::app::observe
