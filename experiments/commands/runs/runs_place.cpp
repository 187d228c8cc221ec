#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/commands/runs/runs_place.hpp>
#include <ebb/ops/printable.hpp>

namespace ebb::app::runs {

namespace {
EBB_COMMAND_GROUP(runs, "list, compare, export and repeat the runs that exist");
}

void RunsPlace::declare(Options& o) {
  o.add("--in", folder, "folder in which runs are looked for, at any depth").type("DIR");
  o.add("--index", index, "file for the index of runs (default: DIR/.ebb-runs.sqlite)").type("FILE");
}

RunIndex RunsPlace::open(const std::string& command) const {
  RunIndex runs{folder, index};
  if (!runs.remark().empty())
    std::fputs(fmt::format("ebb runs {}: note: {}\n", command, ebb::detail::printable(runs.remark())).c_str(), stderr);
  runs.refresh();
  return runs;
}

void declare_run(Options& o, std::string& run) {
  o.add("RUN", run, "name of a run, its beginning, or a path").type("RUN").required();
}

void RunsChoice::declare(Options& o, const char* verb) {
  o.add("RUN", names, std::string("runs to ") + verb + ": names, their beginnings, or paths");
  o.add("--where", query.where, "instead of names: a condition, as for `ebb runs list`").type("CONDITION");
  o.add("--tag", query.tag, "instead of names: runs with this tag").type("WORD");
}

void RunsChoice::require(const char* verb) const {
  if (names.empty() && query.where.empty() && query.tag.empty())
    throw ValueError(fmt::format("name the runs to {}, or choose them with --where or --tag", verb));
}

std::vector<RunRecord> RunsChoice::of(RunIndex& runs) const {
  if (!names.empty() && (!query.where.empty() || !query.tag.empty()))
    throw ValueError("runs are chosen by their names or by --where and --tag, not by both");
  std::vector<RunRecord> chosen;
  for (const std::string& name : names) {
    RunRecord run = runs.run_of(name);
    const bool twice =
        std::any_of(chosen.begin(), chosen.end(), [&](const RunRecord& r) { return r.folder == run.folder; });
    if (twice) throw ValueError(fmt::format("the run '{}' is named twice", run.name));
    chosen.push_back(std::move(run));
  }
  if (!names.empty()) return chosen;
  for (const RunRecord& found : runs.select(query, {}))
    if (auto run = read_run(found.folder, found.name)) chosen.push_back(std::move(*run));
  return chosen;
}

}  // namespace ebb::app::runs
