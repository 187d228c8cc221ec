#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/vanish/vanish.hpp>

namespace ebb::app::vanish {
namespace {

constexpr int spark_width = 17, name_width = 13;

// "x0.553": the factor by which the gradient's norm changes with one more step back.
std::string factor_text(const Decay& d) {
  return std::isfinite(d.per_step) ? fmt::format("x{:.3f}", std::exp(d.per_step)) : "–";
}

// The change from lag 1 to lag 100 (or the largest lag), as a power of ten.
std::string fallen_text(const Decay& d, int lag) {
  const double ln = fallen(d, lag);
  if (std::isnan(ln)) return static_cast<std::size_t>(lag) < d.mean.size() && d.mean.size() > 1 ? "no number" : "–";
  return ln == -INFINITY ? "to zero" : ln == INFINITY ? "to ∞" : power_text(ln / std::log(10.0), 1);
}

std::string row(const std::string& name, const char* when, const Decay& d, const Estimate& rate,
                const std::string& loss, const TaskResult& task) {
  const auto [low, high] = scale_of(task);
  const std::vector<double> lags(d.mean.empty() ? d.mean.begin() : d.mean.begin() + 1, d.mean.end());
  return fmt::format("  {} {} {} {} {}  {} {}\n", fit(name, name_width), fit(when, 7), fit(factor_text(d), 7, true),
                     fit(half_life_text(rate, task.steps()), 9, true), fit(fallen_text(d, task.far()), 9, true),
                     spark(lags, low, high, spark_width), fit(loss, 9, true));
}

std::string remarks(const CellResult& cell) {
  if (std::none_of(cell.runs.begin(), cell.runs.end(), [](const Run& r) { return r.begun; }))
    return fmt::format("  {}: not started\n", cell.cell);
  std::string text;
  for (const Run& run : cell.runs) {
    const std::string name = fmt::format("  {}: seed {}", cell.cell, run.seed);
    if (!run.begun) text += name + " was not started\n";
    if (run.training.interrupted)
      text += fmt::format("{} was interrupted after {}\n", name,
                          count_text(static_cast<double>(run.training.curve.size()), "update"));
    if (!run.training.diverged.empty())
      for (const std::string& line :
           wrapped(fmt::format("{} DIVERGED at {}", name.substr(2), run.training.diverged), 76))
        text += "  " + line + "\n";
    if (!run.failed.empty())
      for (const std::string& line : wrapped(fmt::format("{} FAILED: {}", name.substr(2), run.failed), 76))
        text += "  " + line + "\n";
  }
  return text;
}

}  // namespace

std::string updates_text(const TaskResult& task) {
  return task.settings.steps == 0 ? "not trained"
                                  : fmt::format("at most {}", count_text(task.settings.steps, "update"));
}

std::string table_text(const TaskResult& task) {
  const TaskSettings& s = task.settings;
  std::string text;
  const std::string layers =
      s.layers == 1 ? "" : fmt::format(", {} (gradients: {})", count_text(s.layers, "layer"), layers_text(task));
  for (const std::string& line : wrapped(fmt::format("{}: T {}, hidden {}{}, batch {}, {}; {}", task.name, task.steps(),
                                                     s.hidden, layers, s.batch, updates_text(task), task.data),
                                         78))
    text += line + "\n";
  text += fmt::format("  {} {} {} {} {}  {} {}\n", fit("cell", name_width), fit("", 7), fit("factor", 7, true),
                      fit("half-life", 9, true), fit(fmt::format("1 to {}", task.far()), 9, true),
                      fit(fmt::format("lag 1 to {}", task.lags), spark_width), fit(task.info.unit, 9, true));
  for (const CellResult& cell : task.cells) {
    const bool long_name = cell.cell.size() > name_width;
    if (long_name) text += "  " + cell.cell + "\n";
    for (const Decays& d : cell.decays) {
      const bool first = &d == &cell.decays.front();
      const std::string name = first ? long_name ? "" : cell.cell : "  " + d.name();
      text += row(name, "init", d.init, d.init_rate, first ? number_text(cell.mean(loss_before_of)) : "", task);
      if (!d.trained.mean.empty())
        text += row("", "trained", d.trained, d.trained_rate, first ? number_text(cell.mean(loss_of)) : "", task);
    }
    text += remarks(cell);
  }
  return text;
}

namespace {

/// How far the gradients of the cells reach at initialisation.
std::string reach_finding(const TaskResult& task) {
  const CellResult *best = nullptr, *worst = nullptr;
  std::vector<std::string> gone;       // cells whose gradient is zero that far back
  std::vector<std::string> undefined;  // cells whose gradient is not finite, so that its reach is unknown
  const int far = task.far();
  const auto ln = [&](const CellResult* c) { return fallen(c->decays[0].init, far); };
  for (const CellResult& cell : task.cells) {
    if (cell.decays.empty()) continue;
    if (std::isnan(ln(&cell))) {
      if (static_cast<std::size_t>(far) < cell.decays[0].init.mean.size()) undefined.push_back(cell.cell);
      continue;
    }
    if (std::isinf(ln(&cell))) {
      gone.push_back(cell.cell);
      continue;
    }
    if (!best || ln(&cell) > ln(best)) best = &cell;
    if (!worst || ln(&cell) < ln(worst)) worst = &cell;
  }
  std::string text;
  const double decades = best ? (ln(best) - ln(worst)) / std::log(10.0) : 0;
  if (!gone.empty()) {
    text += fmt::format("At initialisation, {} back, the gradient of {} has fallen to zero", count_text(far, "step"),
                        enumerated(gone));
    text +=
        best ? fmt::format(", that of {} is {} times that one step back. ", best->cell, number_text(std::exp(ln(best))))
             : ". ";
  } else if (decades >= 1) {
    text += fmt::format("At initialisation, {} back, the gradient of {} has fallen {} times further than that of {}. ",
                        count_text(far, "step"), worst->cell, power_text(decades, 0), best->cell);
  }
  if (!text.empty())
    text += task.layer > 0 ? fmt::format("Norms are over the whole state of {}. ", layers_text(task))
                           : "Norms are over the whole state. ";
  if (!undefined.empty())
    text += fmt::format("At initialisation, the gradient of {} is not a number. ", enumerated(undefined));
  return text;
}

/// What the cells learned.
std::string learning_finding(const TaskResult& task) {
  std::vector<std::string> learned, lost;
  for (const CellResult& cell : task.cells)
    if (const double loss = cell.mean(loss_of); task.settings.steps > 0 && std::isfinite(loss))
      (loss < 0.9 * task.info.baseline ? learned : lost)
          .push_back(fmt::format("{} ({})", cell.cell, number_text(loss)));
  std::string text;
  const std::string baseline =
      fmt::format("{} ({} {})", task.info.baseline_about, number_text(task.info.baseline), task.info.unit);
  if (!learned.empty()) text += fmt::format("Better than {}: {}. ", baseline, enumerated(learned));
  if (!lost.empty())
    text += fmt::format("Not clearly better than {}: {}. ", learned.empty() ? baseline : "that", enumerated(lost));
  return text;
}

}  // namespace

std::string verdict(const TaskResult& task) {
  const std::string text = reach_finding(task) + learning_finding(task);  // one sentence or two each
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

std::string lags_text(const TaskResult& task) {
  if (task.columns.size() < 2) return {};
  Table t{.head = {"norm relative to lag 1", ""}};
  for (const int lag : task.columns) t.head.push_back(fmt::format("lag {}", lag));
  for (const CellResult& cell : task.cells)
    for (const bool trained : {false, true}) {
      if (cell.decays.empty()) continue;
      const Decay& d = trained ? cell.decays[0].trained : cell.decays[0].init;
      if (d.mean.empty()) continue;
      std::vector<Entry> row{trained ? "" : cell.cell, trained ? "trained" : "init"};
      for (const int lag : task.columns) row.emplace_back(fallen_text(d, lag));
      t.rows.push_back(std::move(row));
    }
  return study::table_text(t);
}

}  // namespace ebb::app::vanish
