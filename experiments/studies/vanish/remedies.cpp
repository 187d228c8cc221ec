#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/vanish/vanish.hpp>

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

Table remedies_table(const TaskResult& task) {
  Table t{.head = {"cell", "initial exponent", "factor", "trained exponent", "factor", task.info.unit},
          .caption =
              "Largest Lyapunov exponent along the test split, nats per step, and the factor per step by which "
              "the norm of the gradient changes, before and after training; loss on the test split. Mean and "
              "standard deviation over seeds."};
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

bool has_remedies(const TaskResult& task) {
  return std::any_of(task.cells.begin(), task.cells.end(), [](const CellResult& c) { return c.remedy != "none"; });
}

void show_remedies(Job& job, const TaskResult& task) {
  const Table t = remedies_table(task);
  job.report.table(t);
  job.print(
      fmt::format("\nRemedies on {}: largest Lyapunov exponent (nats per step), factor per step, loss\n", task.name) +
      study::table_text(t));
  for (const CellResult& cell : task.cells)
    for (const Run& run : cell.runs) {
      if (!run.begun) continue;
      const auto s = job.summary.under({"remedies", task.name, cell.cell, std::to_string(run.seed)});
      s.set({"exponent_before"}, exponent_before_of(run));
      s.set({"exponent"}, exponent_of(run));
    }
}

}  // namespace ebb::app::vanish
