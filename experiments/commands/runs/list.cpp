#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/commands/runs/printed_table.hpp>
#include <ebb/experiments/commands/runs/runs_place.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/runs/condition.hpp>
#include <ebb/experiments/runs/export.hpp>
#include <ebb/ops/printable.hpp>

namespace ebb::app::runs {
namespace {

const std::vector<std::string> usual_columns{"run",  "status", "command", "task",    "cell", "valid",
                                             "loss", "unit",   "updates", "seconds", "tags"};

std::string shown(const RunRecord& run, const std::string& column) {
  const Value& v = run[column];
  const auto number = number_of(v);
  if (!number) return ebb::detail::printable(text_of(v));
  if (column == "seconds") return duration_text(*number);
  return std::holds_alternative<std::int64_t>(v) ? text_of(v) : number_text(*number);
}

PrintedColumn printed_column(const std::string& name, const std::vector<RunRecord>& runs) {
  PrintedColumn c{.cells = {name}};
  for (const RunRecord& run : runs) {
    c.cells.push_back(shown(run, name));
    c.right = c.right || number_of(run[name]).has_value();
  }
  return c;
}

// Those that some run has, and its name.
std::vector<std::string> present(const std::vector<RunRecord>& found, const std::vector<std::string>& wanted) {
  std::vector<std::string> columns;
  for (const std::string& c : wanted)
    if (c == "run" || std::any_of(found.begin(), found.end(), [&](const RunRecord& r) { return r.values.contains(c); }))
      columns.push_back(c);
  return columns;
}

/// The runs of a folder as a table.
class RunsListCommand final : public Command {
 public:
  void options(Options& o) override {
    o.add("--where", query_.where,
          "condition over columns, in SQL: = < > <= >= != and or not in like is null; texts in single quotes")
        .type("CONDITION");
    o.add("--tag", query_.tag, "only runs with this tag").type("WORD");
    o.add("--sort", query_.sort, "columns to sort by; --sort=-COLUMN sorts from the largest (default: started)");
    o.add("--columns", columns_, "columns to show; all: every column (default: run, status, results)");
    o.add("--limit", limit_, "most runs to show; 0: all").at_least(0);
    o.add("--json", json_, "print an array of objects; with all columns, unless --columns names some");
    place_.declare(o);
    o.example("ebb runs list --sort valid                                   best validation first");
    o.example("ebb runs list --where \"cell = 'gru' and valid < 1.6\"");
    o.example("ebb runs list --where \"status in ('killed', 'failed')\" --columns run,error,started");
    o.example("ebb runs list --where \"lr between 1e-4 and 1e-2\" --columns run,lr,valid --sort=-valid --limit 10");
    o.example("ebb runs list --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))'");
  }

  int run() override {
    RunIndex index = place_.open("list");
    std::vector<std::string> columns = columns_;
    const std::vector<std::string> known = index.columns();
    const bool all_columns = columns == std::vector<std::string>{"all"}, named = !columns.empty() && !all_columns;
    if (all_columns || (json_ && columns.empty())) columns = known;
    else if (columns.empty()) columns = usual_columns;
    else
      for (std::string& name : columns) name = known_column(name, known);
    std::vector<RunRecord> found = index.select(query_, columns);
    const std::size_t all = found.size();
    if (limit_ > 0) found.resize(std::min(all, static_cast<std::size_t>(limit_)));
    if (json_) put(export_json(found, columns));
    else print(found, named ? columns : present(found, columns), all - found.size());
    return 0;
  }

 private:
  void print(const std::vector<RunRecord>& found, const std::vector<std::string>& names, std::size_t more) const {
    if (found.empty())
      return put(query_.where.empty() && query_.tag.empty() ? "no runs\n" : "no run meets the condition\n");
    std::vector<PrintedColumn> columns;
    for (const std::string& name : names) columns.push_back(printed_column(name, found));
    put(printed_table(columns));
    if (more > 0) put(fmt::format("... {} more\n", count_text(static_cast<double>(more))));
  }

  RunsPlace place_;
  Query query_;
  std::vector<std::string> columns_;
  int limit_ = 0;
  bool json_ = false;
};
EBB_SUBCOMMAND(runs_list, "runs list", RunsListCommand, "list runs: any columns, filtered by a condition, sorted");

}  // namespace
}  // namespace ebb::app::runs
