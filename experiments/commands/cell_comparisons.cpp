#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/commands/cell_comparisons.hpp>
#include <ebb/experiments/commands/results_page.hpp>
#include <ebb/experiments/lengths/record.hpp>
#include <ebb/experiments/papers/papers.hpp>
#include <ebb/experiments/papers/record.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/nn/given_options.hpp>

namespace ebb::app {
namespace {

using atlas::Comparisons;

/// Whether the task has a network of its own without recurrence.
bool is_without_cell(const std::string& task) {
  return make_task(task, {.data = "generated", .quick = true})->as<HasFeedForward>();
}

/// The cell in the words of `ebb train`, without options; the default, lstm, if there is none.
std::string cell_in(const std::vector<std::string>& words) {
  const auto at = std::find(words.begin(), words.end(), "--cell");
  return at == words.end() || at + 1 == words.end() ? "lstm" : name_before_options(at[1]);
}

void add_results(Comparisons& all, const std::string& file) {
  const RowResults results = read_results(file);
  for (const ResultRow& row : result_rows()) {
    const auto at = results.find(row.name);
    if (at == results.end() || at->second.quick || is_without_cell(row.words[1])) continue;
    std::string result;
    for (const Goal& goal : row.goals) {
      const auto measure = at->second.measures.find(goal.measure);
      if (measure == at->second.measures.end()) continue;
      result += fmt::format("{}{} {}{}", result.empty() ? "" : ", ", goal.measure, number_text(measure->second.mean()),
                            measure->second.unit.empty() ? "" : " " + measure->second.unit);
    }
    if (result.empty()) continue;
    all[cell_in(row.words)].push_back({.source = "[results](../results.md)",
                                       .what = fmt::format("`{}`", row.command()),
                                       .result = result,
                                       .beside = row.known});
  }
}

/// The cell that a stored row was trained with: the protocol of that paper states it.
std::string cell_of(const papers::Protocol& p, const papers::KeptRow& kept, bool full) {
  for (const papers::Experiment& e : p.experiments)
    for (const papers::Row& r : e.rows)
      if (e.name == kept.experiment && r.label == kept.label) return cell_in(papers::words_of(e, r, full));
  return {};
}

void add_papers(Comparisons& all, const std::string& file) {
  for (const auto& [name, paper] : papers::read_papers(file)) {
    const auto& built_in = papers::built_in_protocols();
    if (std::none_of(built_in.begin(), built_in.end(), [&, key = name](const auto& b) { return key == b.name; }))
      continue;
    const papers::Protocol p = papers::find_protocol(name);
    for (const auto& [size, run] : paper.runs)
      for (const papers::KeptRow& row : run.rows) {
        const std::string cell = cell_of(p, row, size == "full");
        if (row.ours.empty() || cell.empty()) continue;
        all[cell].push_back({.source = fmt::format("[{}](../papers.md)", paper.short_title),
                             .what = fmt::format("{}, {}{}: {}", row.experiment, row.label,
                                                 size == "full" ? "" : ", reduced", row.quantity),
                             .result = row.ours,
                             .beside = fmt::format("paper: {}; {}", row.paper, row.verdict)});
      }
  }
}

void add_lengths(Comparisons& all, const std::string& file) {
  for (const auto& [task, t] : lengths::read_lengths(file))
    for (const auto& [cell, row] : t.cells) {
      std::string result, base;
      for (std::size_t k = 0; k < t.lengths.size(); ++k) {
        result += (k == 0 ? "" : ", ") + lengths::score_text(row.means[k], t.unit);
        base += (k == 0 ? "" : ", ") + lengths::score_text(t.baselines[k], t.unit);
      }
      std::string where;
      for (const int length : t.lengths) where += (where.empty() ? "" : ", ") + count_text(length);
      all[name_before_options(cell)].push_back(
          {.source = "[length](../lengths.md)",
           .what = fmt::format("{}{}: {}{} at length {}", task, cell == name_before_options(cell) ? "" : ", " + cell,
                               t.measure, t.unit.empty() ? "" : ", " + t.unit, where),
           .result = result,
           .beside = "baseline: " + base});
    }
}

}  // namespace

atlas::Comparisons stored_comparisons(const std::string& folder) {
  Comparisons all;
  add_results(all, folder + "/results.json");
  add_papers(all, folder + "/papers.json");
  add_lengths(all, folder + "/lengths.json");
  return all;
}

}  // namespace ebb::app
