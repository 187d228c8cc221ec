#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/experiments/cli/machine.hpp>
#include <ebb/experiments/cli/run_file.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/cli/version.hpp>
#include <ebb/experiments/lengths/record.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/ops/error.hpp>
#include <filesystem>
#include <set>

namespace ebb::app::lengths {

static void visit(Fields& f, KeptTask::Row& r) {
  f("means", r.means)("deviations", r.deviations)("date", r.date)("version", r.version)("machine", r.machine);
}
static void visit(Fields& f, KeptTask& t) {
  f("measure", t.measure)("unit", t.unit)("rises", t.rises)("trained", t.trained)("seeds", t.seeds);
  f("lengths", t.lengths)("baselines", t.baselines)("cells", t.cells)("command", t.command);
}

namespace {

struct KeptFile {
  KeptTasks tasks;
};
void visit(Fields& f, KeptFile& k) { f("tasks", k.tasks); }

std::string section_of(const std::string& name, const KeptTask& t, const std::vector<std::string>& order,
                       const std::string& images) {
  std::string text =
      fmt::format("\n## {0}\n\n![{1} of each cell on {0} against the length]({2}/{3})\n\n    {4}\n\n| cell |", name,
                  t.measure, images, figure_file(name), t.command);
  std::string line = "\n|---|";
  for (const int length : t.lengths) {
    text += fmt::format(" {} |", count_text(length));
    line += "---|";
  }
  text += line + "\n";
  std::set<std::string> runs;
  for (const std::string& cell : order) {
    const auto at = t.cells.find(cell);
    if (at == t.cells.end()) continue;
    text += fmt::format("| {} |", markdown_text(cell));
    for (std::size_t k = 0; k < t.lengths.size(); ++k) {
      const double mean = at->second.means[k], deviation = at->second.deviations[k];
      text += fmt::format(" {}{} |", score_text(mean, t.unit),
                          t.seeds >= 3 && std::isfinite(deviation) ? " ± " + number_text(deviation) : "");
    }
    text += "\n";
    runs.insert(fmt::format("{}, {}, {}", at->second.date, at->second.version, at->second.machine));
  }
  text += "| baseline |";
  for (const double x : t.baselines) text += fmt::format(" {} |", score_text(x, t.unit));
  text += fmt::format("\n\n{}{}, {}; greatest length of training: {}.\n", t.measure,
                      t.unit.empty() ? "" : ", " + t.unit, count_text(t.seeds, "seed"), t.trained);
  for (const std::string& run : runs) text += fmt::format("Measured {}.\n", run);
  return text;
}

/// "ebb train parity --steps 500, lengths 10, 20, 3 seeds"
std::string way_of(const std::string& command, const std::vector<int>& lengths, std::size_t seeds) {
  return fmt::format("`{}`, lengths {}, {}", command, fmt::join(lengths, ", "),
                     count_text(static_cast<double>(seeds), "seed"));
}

// A trial that failed, by a full disk for example, is no result: an earlier one stays. One that diverged is.
bool has_failed(const CellScores& c) { return c.failed() > 0; }

}  // namespace

KeptTasks read_lengths(const std::string& path) {
  if (!std::filesystem::exists(path)) return {};
  return from_json<KeptFile>(read_file(path), path).tasks;
}

std::string lengths_json(const KeptTasks& all) { return json_of(KeptFile{all}) + "\n"; }

void check_kept(const KeptTasks& all, const std::vector<TaskScores>& run,
                const std::map<std::string, std::string>& commands, std::size_t seeds) {
  for (const TaskScores& t : run) {
    const auto at = all.find(t.task);
    if (at == all.end()) continue;
    const KeptTask& kept = at->second;
    const std::string before = way_of(kept.command, kept.lengths, static_cast<std::size_t>(kept.seeds)),
                      now = way_of(commands.at(t.task), t.lengths, seeds);
    if (before == now) continue;
    std::vector<std::string> lost;
    for (const auto& [cell, row] : kept.cells)
      if (std::none_of(t.cells.begin(), t.cells.end(), [&](const CellScores& c) { return c.cell == cell; }))
        lost.push_back(cell);
    if (lost.empty()) continue;
    const std::size_t more = lost.size() - 1;
    throw ValueError(fmt::format(
        "--record: on the page, {}{} on {} by {}; this run is by {}, and one table cannot have both. Use the "
        "same options, measure all cells (--cells all), or choose another --page",
        lost.front(), more > 0 ? fmt::format(" and {} are", count_text(double(more), "other cell")) : " is", t.task,
        before, now));
  }
}

void keep(KeptTasks& all, const std::vector<TaskScores>& scores, const std::map<std::string, std::string>& commands,
          int threads) {
  for (const TaskScores& t : scores) {
    if (std::all_of(t.cells.begin(), t.cells.end(), has_failed)) continue;
    KeptTask now{.measure = t.measure,
                 .unit = t.unit,
                 .rises = t.rises,
                 .trained = t.trained,
                 .seeds = static_cast<int>(t.cells.front().seeds.size()),
                 .lengths = t.lengths,
                 .baselines = t.baselines,
                 .cells = {},
                 .command = commands.at(t.task)};
    KeptTask& kept = all[t.task];
    if (kept.command == now.command && kept.lengths == now.lengths && kept.seeds == now.seeds) now.cells = kept.cells;
    for (const CellScores& c : t.cells) {
      if (has_failed(c)) continue;
      KeptTask::Row row{.means = {},
                        .deviations = {},
                        .date = time_with_zone().substr(0, 10),
                        .version = version_and_commit(),
                        .machine = fmt::format("{}, {}", count_text(threads, "thread"), processor())};
      for (std::size_t k = 0; k < t.lengths.size(); ++k) {
        const sweep::Spread s = c.spread(k);
        row.means.push_back(s.mean);
        row.deviations.push_back(s.count > 1 ? s.deviation : NAN);
      }
      now.cells[c.cell] = row;
    }
    kept = now;
  }
}

std::vector<TaskScores> scores_of(const KeptTasks& all) {
  std::vector<TaskScores> scores;
  for (const auto& [name, t] : all) {
    TaskScores s{.task = name,
                 .measure = t.measure,
                 .unit = t.unit,
                 .rises = t.rises,
                 .trained = t.trained,
                 .lengths = t.lengths,
                 .baselines = t.baselines};
    for (const auto& [cell, row] : t.cells)
      s.cells.push_back({.cell = cell, .seeds = {{.state = "ended", .values = row.means}}});
    scores.push_back(std::move(s));
  }
  return scores;
}

std::string figure_file(const std::string& task) { return fmt::format("lengths-{}.svg", task); }

std::string lengths_page(const KeptTasks& all, const std::string& images) {
  std::string text =
      "# Length generalisation\n\n"
      "Every cell, trained on short sequences and tested on longer ones. [length.md](length.md) explains the "
      "measures;\n"
      "`ebb length --cells all --record` writes this page. The colour of a score goes from the baseline, which does "
      "not\n"
      "read the sequence (dark), to a perfect one (yellow); cells are in the order of its mean beyond the length of\n"
      "training, over all tasks. Pages of tasks: [formal languages](tasks/languages.md), [copy](tasks/copy.md),\n"
      "[mqar](tasks/mqar.md).\n";
  const std::vector<std::string> order = ranked_cells(scores_of(all));
  for (const auto& [name, task] : all) text += section_of(name, task, order, images);
  return text;
}

}  // namespace ebb::app::lengths
