#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/vanish/vanish.hpp>

namespace ebb::app::vanish {
namespace {

Series decay_series(const std::string& cell, const std::string& field, const Decay& d, bool first) {
  Series s{.name = first ? cell : cell + " " + field, .group = cell, .dashed = !first};
  for (std::size_t lag = 1; lag < d.mean.size(); ++lag) {
    s.x.push_back(static_cast<double>(lag));
    s.y.push_back(std::exp(d.mean[lag]));
    s.low.push_back(std::exp(d.mean[lag] - d.spread[lag]));
    s.high.push_back(std::exp(d.mean[lag] + d.spread[lag]));
  }
  return s;
}

/// "The gradient halves every 4.8 steps in lstm, 1.3 in rnn; it neither grows nor falls in cornn."
std::string decay_finding(const TaskResult& task, bool trained) {
  using study::Trend;
  std::string falls, grows, stays;
  const auto add = [](std::string& text, const std::string& words) { text += (text.empty() ? "" : ", ") + words; };
  for (const CellResult& cell : task.cells) {
    if (cell.decays.empty()) continue;
    const Decays& d = cell.decays.front();
    const Estimate& rate = trained ? d.trained_rate : d.init_rate;
    const Trend trend = study::trend_of(rate, task.steps());
    if (trend == Trend::falls || trend == Trend::vanishes)
      add(falls, fmt::format("{:.3g} {}in {}", std::log(2) / -rate.value, falls.empty() ? "steps " : "", cell.cell));
    else if (trend == Trend::grows || trend == Trend::explodes) add(grows, cell.cell);
    else if (trend == Trend::steady || trend == Trend::unclear) add(stays, cell.cell);
  }
  std::string text;
  for (const auto& [words, cells] :
       {std::pair{"halves every", falls}, {"grows in", grows}, {"neither clearly grows nor falls in", stays}})
    if (!cells.empty()) text += fmt::format("{}{} {}", text.empty() ? "The gradient " : "; it ", words, cells);
  return text.empty() ? text : text + ".";
}

Plot decay_plot(const TaskResult& task, bool trained) {
  Plot p{.title = trained ? "After training" : "At initialisation",
         .x_label = "lag T − t (steps)",
         .y_label = "norm of the gradient",
         .log_y = true};
  p.finding = decay_finding(task, trained);
  p.id = trained ? "decay-trained" : "decay";
  for (const CellResult& cell : task.cells)
    for (const Decays& d : cell.decays)
      p.series.push_back(decay_series(cell.cell, d.name(), trained ? d.trained : d.init, &d == &cell.decays.front()));
  p.caption =
      trained ? "The same rows after training. To learn the task, a cell must carry the gradient back to the steps "
                "that determine the answer."
              : "Solid: the gradient with respect to the whole state at lag T − t, where L is the loss of the last "
                "step only; dashed: with respect to its fields, such as an LSTM's h and c, if there are several. "
                "Bands: one standard deviation of the logarithm over rows and seeds. A straight line means a constant "
                "factor per step.";
  return p;
}

/// Mean of each interval of a run's curve; a run that ended early keeps its last value, otherwise the mean would jump.
std::vector<double> stretches(const std::vector<CurvePoint>& curve, std::size_t count, std::size_t length,
                              const std::function<double(const CurvePoint&)>& of) {
  std::vector<double> means;
  for (std::size_t k = 0; k < count; ++k) {
    double sum = 0, n = 0;
    for (std::size_t at = k * length; at < std::min((k + 1) * length, curve.size()); ++at)
      if (std::isfinite(of(curve[at]))) {
        sum += of(curve[at]);
        n += 1;
      }
    means.push_back(n > 0 ? sum / n : means.empty() ? NAN : means.back());
  }
  return means;
}

/// Comparable runs of one cell, in at most 150 intervals: mean and standard deviation over seeds, of ln if it is
/// drawn logarithmically.
Series curve_series(const std::string& cell, const std::vector<const Run*>& comparable, double (*of)(const CurvePoint&),
                    bool logarithmic) {
  const auto scaled = [=](const CurvePoint& p) { return logarithmic ? std::log(of(p)) : of(p); };
  const auto unscaled = [=](double x) { return logarithmic ? std::exp(x) : x; };
  Series s{.name = cell, .group = cell};
  std::size_t longest = 0;
  for (const Run* run : comparable) longest = std::max(longest, run->training.curve.size());
  const std::size_t length = std::max<std::size_t>(1, (longest + 149) / 150), count = (longest + length - 1) / length;
  std::vector<std::vector<double>> runs;
  for (const Run* run : comparable)
    if (!run->training.curve.empty()) runs.push_back(stretches(run->training.curve, count, length, scaled));
  const double n = static_cast<double>(runs.size());
  for (std::size_t k = 0; k < count; ++k) {
    double mean = 0, square = 0;
    for (const auto& run : runs) mean += run[k] / n;
    for (const auto& run : runs) square += (run[k] - mean) * (run[k] - mean) / n;
    s.x.push_back(static_cast<double>(k * length + 1));
    s.y.push_back(unscaled(mean));
    if (runs.size() < study::least_for_error) continue;
    s.low.push_back(unscaled(mean - std::sqrt(square)));
    s.high.push_back(unscaled(mean + std::sqrt(square)));
  }
  return s;
}

/// Each run as a thin line behind the mean: a mean hides that some seeds learn and others do not. A run that diverged
/// is not in the mean.
void add_seeds(Plot& p, const CellResult& cell, double (*of)(const CurvePoint&), bool logarithmic) {
  if (cell.runs.size() < 2) return;
  for (const Run& run : cell.runs) {
    if (run.training.curve.empty()) continue;
    Series s = curve_series(cell.cell, {&run}, of, logarithmic);
    s.name = fmt::format("{}, seed {}", cell.cell, run.seed);
    s.thin = true;
    s.outside = !run.training.diverged.empty();
    s.low.clear();
    s.high.clear();
    p.series.push_back(std::move(s));
  }
}

Series level(const std::string& name, double y, int last) {
  return {.name = name, .x = {1, static_cast<double>(std::max(last, 2))}, .y = {y, y}};
}

std::vector<Plot> training_plots(const TaskResult& task) {
  const bool squares = task.squared_error;  // which spans decades
  Plot loss{.title = "Loss", .x_label = "update", .y_label = task.info.unit, .log_y = squares};
  Plot norm{.title = "Norm of the gradient", .x_label = "update", .y_label = "norm before clipping", .log_y = true};
  if (const auto& found = task.losses.findings.sentences; !found.empty()) loss.finding = found.front();
  int last = 1;
  for (const CellResult& cell : task.cells) {
    loss.series.push_back(
        curve_series(cell.cell, cell.comparable(), [](const CurvePoint& p) { return p.loss; }, squares));
    norm.series.push_back(
        curve_series(cell.cell, cell.comparable(), [](const CurvePoint& p) { return p.gradient_norm; }, true));
    for (const Run& run : cell.runs) last = std::max(last, static_cast<int>(updates_of(run)));
    if (const double share = cell.mean(clips_of) / cell.mean(updates_of);
        task.settings.clip > 0 && std::isfinite(share))
      norm.finding +=
          fmt::format("{}{} {:.0f} %", norm.finding.empty() ? "Clipped updates: " : ", ", cell.cell, 100 * share);
  }
  if (!norm.finding.empty()) norm.finding += ".";
  for (const CellResult& cell : task.cells) {
    add_seeds(loss, cell, [](const CurvePoint& p) { return p.loss; }, squares);
    add_seeds(norm, cell, [](const CurvePoint& p) { return p.gradient_norm; }, true);
  }
  loss.marks.push_back(level(task.info.baseline_about, task.info.baseline, last));
  loss.caption = fmt::format(
      "Training loss, mean and (from 3 seeds) one standard deviation, batch by batch; thin: single seeds. Grey: {}, {} "
      "{}.{}",
      task.info.baseline_about, number_text(task.info.baseline), task.info.unit,
      task.settings.enough > 0
          ? fmt::format(" A run that ends early, with a validation loss below {}, keeps its last value.",
                        number_text(task.settings.enough))
          : "");
  if (task.settings.clip > 0) norm.marks.push_back(level("clipped above", task.settings.clip, last));
  norm.caption = "Global norm over all weights, before clipping, at every update.";
  return {std::move(loss), std::move(norm)};
}

Table verdict_table(const TaskResult& task) {
  const auto [low, high] = scale_of(task);
  Table t{
      .head = {"cell", "state", "factor per step", "half-life (steps)"},
      .caption = fmt::format(
          "Factor and half-life by least squares on ln norm over lags 10 to {0}; the next column{2} by how "
          "much the norm changes. Steady: within two standard errors of no change, or by less than a factor of two "
          "over {1} if these are not known; unclear: within them, but they allow more. Loss on the test split, "
          "mean over seeds.",
          std::min(100, task.lags), count_text(task.steps(), "step"), task.shown().size() > 1 ? "s show" : " shows")};
  for (const int lag : task.shown()) t.head.push_back(fmt::format("lag 1 to {}", lag));
  t.head.push_back(fmt::format("lags 1 to {}", task.lags));
  t.head.emplace_back(task.info.unit);
  for (const CellResult& cell : task.cells)
    for (const Decays& d : cell.decays)
      for (const bool trained : {false, true}) {
        const Decay& decay = trained ? d.trained : d.init;
        if (trained && decay.mean.empty()) continue;
        const bool first = &d == &cell.decays.front();
        const std::vector<double> lags(decay.mean.empty() ? decay.mean.begin() : decay.mean.begin() + 1,
                                       decay.mean.end());
        std::vector<Entry> row{trained || !first ? "" : cell.cell, d.name() + (trained ? ", trained" : ", initial"),
                               std::isfinite(decay.per_step) ? fmt::format("{:.3f}", std::exp(decay.per_step)) : "–",
                               half_life_text(trained ? d.trained_rate : d.init_rate, task.steps())};
        for (const int lag : task.shown())
          row.emplace_back(lags.empty() ? "–" : number_text(std::exp(fallen(decay, lag))));
        row.emplace_back(lags, low, high);
        row.emplace_back(first ? number_text(cell.mean(trained ? loss_of : loss_before_of)) : "");
        t.rows.push_back(std::move(row));
      }
  return t;
}

Table cost_table(const TaskResult& task) {
  Table t{.head = {"cell", "weights", "kept by the tape", "updates", "clipped",
                   fmt::format("{} per second", task.info.speed_unit), "seconds per run", "remarks"},
          .caption =
              "Means over seeds. Kept by the tape: memory of one update's forward pass. Speed: over all rows of the "
              "batch, not counting validation; each run uses one thread if there are several runs."};
  for (const CellResult& cell : task.cells) {
    std::string remarks;
    for (const Run& run : cell.runs) {
      if (!run.begun) remarks += fmt::format("seed {} not started. ", run.seed);
      if (run.training.interrupted) remarks += fmt::format("seed {} interrupted. ", run.seed);
      if (!run.training.diverged.empty())
        remarks += fmt::format("seed {} diverged at {}. ", run.seed, run.training.diverged);
      if (!run.failed.empty()) remarks += fmt::format("seed {} failed: {}. ", run.seed, run.failed);
    }
    t.rows.push_back({cell.cell, count_text(cell.mean(weights_of)), bytes_text(cell.mean(kept_of)),
                      count_text(cell.mean(updates_of)), count_text(cell.mean(clips_of)),
                      count_text(cell.mean(speed_of)), number_text(cell.mean(seconds_of)), remarks});
  }
  return t;
}

/// "T = 100 in training, hidden 32, 2 layers, batch 32, ..."
std::string settings_text(const TaskResult& task) {
  const TaskSettings& s = task.settings;
  return fmt::format("T = {}{} in training, hidden {}{}, batch {}, {} {}, {}; data: {}.",
                     task.own_lengths ? "up to " : "", task.steps(), s.hidden,
                     s.layers > 1 ? ", " + count_text(s.layers, "layer") : "", s.batch, s.optimizer, s.lr,
                     updates_text(task), task.data);
}

/// Which gradients are measured, and over what.
std::string measured_text(const TaskResult& task, std::size_t seeds) {
  std::string text = fmt::format("Gradients measured in float64 over {} of the test split and {}",
                                 count_text(task.rows, "sequence"), count_text(static_cast<double>(seeds), "seed"));
  if (const std::string layers = layers_text(task); !layers.empty())
    text += fmt::format(", with respect to the state of {}", layers);
  if (!task.recurrence.empty()) text += fmt::format(", of the recurrence {}", task.recurrence);
  if (task.own_lengths) text += fmt::format("; these are its longest sequences, and large lags are those of fewer");
  return text + ".";
}

void add_maps(Job& job, const TaskResult& task) {
  const std::vector<HeatMap> maps = maps_of(task);
  if (maps.empty()) return;
  job.report.text(fmt::format(
      "The gradient against the lag during training: the norm at lag T − t divided by that at lag 1, in powers of ten, "
      "after every {}, over {} of the test split; mean of the logarithm over sequences and seeds. Where a map is dark, "
      "the gradient has vanished: beyond 10⁻⁸ it is lost when float32 adds it to that of lag 1. A run that ends early "
      "keeps its last row. All maps have the same scale of colours.",
      count_text(task.every, "update"), count_text(task.map_rows, "sequence")));
  job.report.heat_maps(maps);
}

}  // namespace

void add_to_report(Job& job, const TaskResult& task) {
  job.report.section(task.name, verdict(task));
  job.report.note(settings_text(task) + " " + measured_text(task, job.seeds().size()));
  for (const std::string& sentence : task.losses.findings.sentences) job.report.text(sentence);
  job.report.table(verdict_table(task));
  if (task.settings.steps == 0) return job.report.plots({decay_plot(task, false)});
  job.report.plots({decay_plot(task, false), decay_plot(task, true)});
  add_maps(job, task);
  job.report.plots(training_plots(task));
  if (!task.losses.findings.differences.empty()) {
    job.report.details("Differences of the loss", study::difference_table(task.losses));
    if (!task.losses.findings.note.empty()) job.report.note(task.losses.findings.note);
  }
  job.report.details("Cost: weights, memory, clipping, time", cost_table(task));
}

}  // namespace ebb::app::vanish
