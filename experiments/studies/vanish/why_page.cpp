#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/studies/vanish/vanish.hpp>

namespace ebb::app::vanish {
namespace {

/// The sentences about one cell, before training or after, from all its runs.
std::string why_cell(const TaskResult& task, const CellResult& cell, bool trained) {
  std::vector<const study::Evidence*> found;
  LagNorms norms;
  std::vector<const Run*> runs;
  if (trained) runs = cell.comparable();
  else
    for (const Run& run : cell.runs) runs.push_back(&run);
  for (const Run* run : runs)
    if (const auto& why = trained ? run->why_trained : run->why_init) {
      found.push_back(&*why);
      append_rows(norms, whole_state(trained ? run->trained : run->init));
    }
  if (trained && runs.empty() && cell.diverged())
    return cell.cell + ", trained: its training diverged, so that no gradient was measured after it.";
  if (found.empty()) return {};
  study::Evidence e = study::mean_evidence(found, norms);
  e.name = fmt::format("{}{}, {}", cell.cell, task.layer > 0 ? ", " + layers_text(task) : "",
                       trained ? "trained" : "initial");
  return study::why_text(e);
}

}  // namespace

void add_why(Job& job, const TaskResult& task) {
  bool begun = false;
  for (const CellResult& cell : task.cells)
    for (const bool trained : {false, true}) {
      const auto untreated = [&](const CellResult& c) { return c.base == cell.base && c.remedy == "none"; };
      if (!trained && cell.remedy != "none" && std::any_of(task.cells.begin(), task.cells.end(), untreated))
        continue;  // its initial weights are those of the untreated cell
      const std::string text = why_cell(task, cell, trained);
      if (text.empty()) continue;
      if (!begun) job.report.section("Why: " + task.name);
      begun = true;
      job.report.text(text);
      job.summary.set({"tasks", task.name, "cells", cell.cell, trained ? "trained" : "init", "why"}, text);
    }
  if (begun) job.report.note(study::why_rules());
}

}  // namespace ebb::app::vanish
