#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/vanish/vanish.hpp>
#include <ebb/experiments/train/remedy.hpp>

namespace ebb::app::vanish {
namespace {

double exponent_before_of(const Run& r) { return r.why_init ? r.why_init->exponent.value : NAN; }
double exponent_of(const Run& r) { return r.why_trained ? r.why_trained->exponent.value : NAN; }

std::string per_step_text(const Decay& d) {
  return std::isfinite(d.per_step) ? fmt::format("{:.3f}", std::exp(d.per_step)) : "–";
}

std::string spread_text(const CellResult& cell, double (*of)(const Run&)) {
  std::vector<double> values;
  for (const Run* run : cell.comparable()) values.push_back(of(*run));
  return study::text_of(study::spread_of(values));
}

/// What limits the gradients of these runs.
std::string clip_text(const TaskResult& task) {
  const auto own = [](const CellResult& c) { return replaces_clip(c.remedy); };
  const bool some = std::any_of(task.cells.begin(), task.cells.end(), own);
  if (std::all_of(task.cells.begin(), task.cells.end(), own)) return "The remedies clip the gradient.";
  if (task.settings.clip > 0)
    return fmt::format("{} the gradient to the norm {:g} (--clip).",
                       some ? "Other remedies, and none, clip" : "Every run clips", task.settings.clip);
  return some ? "Only the remedies that do so clip the gradient." : "No run clips the gradient.";
}

Table remedies_table(const TaskResult& task) {
  Table t{.head = {"cell", "initial exponent", "factor", "trained exponent", "factor", task.info.unit},
          .caption =
              "Largest Lyapunov exponent along the test split, nats per step, and the factor per step by which "
              "the norm of the gradient changes, before and after training; loss on the test split. Mean and "
              "(from 3 seeds) standard deviation. " +
              clip_text(task)};
  for (const CellResult& cell : task.cells) {
    const bool known = !cell.decays.empty();
    t.rows.push_back({cell.cell, spread_text(cell, exponent_before_of),
                      known ? per_step_text(cell.decays[0].init) : "–", spread_text(cell, exponent_of),
                      known ? per_step_text(cell.decays[0].trained) : "–", spread_text(cell, loss_of)});
  }
  return t;
}

}  // namespace

TaskSettings settings_of(const TaskResult& task, const CellResult& cell) {
  TaskSettings s = task.settings;
  s.remedy = cell.remedy == "none" ? "" : cell.remedy;
  return s;
}

bool replaces_clip(const std::string& remedy) {
  const auto all = make_remedies(remedy);
  return std::any_of(all.begin(), all.end(), [](const auto& r) { return r->template as<GradientRule>() != nullptr; });
}

bool has_remedies(const TaskResult& task) {
  return std::any_of(task.cells.begin(), task.cells.end(), [](const CellResult& c) { return c.remedy != "none"; });
}

void show_remedies(Job& job, const TaskResult& task) {
  const Table t = remedies_table(task);
  job.report.table(t);
  job.print(
      fmt::format("\nRemedies on {}: largest Lyapunov exponent (nats per step), factor per step, loss\n", task.name) +
      study::table_text(t) + clip_text(task) + "\n");
  for (const CellResult& cell : task.cells)
    for (const Run& run : cell.runs) {
      if (!run.begun) continue;
      const auto s = job.summary.under({"remedies", task.name, cell.cell, std::to_string(run.seed)});
      s.set({"exponent_before"}, exponent_before_of(run));
      s.set({"exponent"}, exponent_of(run));
    }
}

}  // namespace ebb::app::vanish
