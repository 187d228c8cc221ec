#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/commands/runs/printed_table.hpp>
#include <ebb/experiments/commands/runs/runs_place.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/runs/condition.hpp>
#include <ebb/experiments/runs/export.hpp>
#include <ebb/ops/printable.hpp>
#include <map>
#include <sstream>

namespace ebb::app::runs {
namespace {

const std::vector<std::string> usual_columns{"run",  "status",   "command", "task",    "cell",    "valid", "valid_unit",
                                             "loss", "baseline", "unit",    "updates", "seconds", "tags"};

bool is_whole(const Value& v) {
  const auto number = number_of(v);
  return !number || (std::floor(*number) == *number && std::abs(*number) < 1e15);
}

// `whole`: all numbers of the column are.
std::string shown(const Value& v, const std::string& column, bool whole) {
  const auto number = number_of(v);
  if (!number) return ebb::detail::printable(text_of(v));
  if (column == "seconds") return duration_text(*number);
  if (whole) return fmt::format("{:.0f}", *number);
  return std::holds_alternative<std::int64_t>(v) ? text_of(v) : number_text(*number);
}

PrintedColumn printed_column(const std::string& name, const std::vector<RunRecord>& runs) {
  std::vector<const Value*> values;
  for (const RunRecord& run : runs) values.push_back(&run[name]);
  const bool whole = std::all_of(values.begin(), values.end(), [](const Value* v) { return is_whole(*v); });
  PrintedColumn c{.cells = {name}};
  for (const Value* v : values) {
    c.cells.push_back(shown(*v, name, whole));
    c.right = c.right || number_of(*v).has_value();
  }
  return c;
}

// What a wide table leaves out unless it is asked for: units that are named already, and then baselines.
std::vector<std::string> fitting(const std::vector<RunRecord>& found, std::vector<std::string> columns) {
  constexpr std::size_t widest = 120;
  constexpr std::ptrdiff_t most = 1000;  // runs that are looked at for it
  const bool same = std::all_of(found.begin(), found.end(), [](const RunRecord& r) {
    const std::string unit = text_of(r["valid_unit"]);
    return unit.empty() || unit == text_of(r["unit"]);
  });
  if (same) std::erase(columns, "valid_unit");
  const std::vector<RunRecord> some(found.begin(), found.begin() + std::min(std::ssize(found), most));
  std::vector<PrintedColumn> printed;
  for (const std::string& name : columns) printed.push_back(printed_column(name, some));
  std::istringstream lines(printed_table(printed));
  std::size_t width = 0;
  for (std::string line; std::getline(lines, line);) width = std::max(width, line.size());
  if (width > widest) std::erase(columns, "baseline");
  return columns;
}

// "accuracy in 3 runs and loss in 2"
std::string kinds_of(const std::vector<RunRecord>& found, const std::string& sorted, const char* by) {
  std::map<std::string, int> runs;
  for (const RunRecord& r : found)
    if (number_of(r[sorted])) ++runs[text_of(r[by])];
  if (runs.size() < 2) return {};
  std::vector<std::string> words;
  for (const auto& [kind, n] : runs)
    words.push_back(fmt::format("{} in {}", kind.empty() ? "unknown" : kind, count_text(n, "run")));
  return enumerated(words);
}

// Values of different measures have no order.
void warn_of_order(const std::vector<std::string>& sort, const std::vector<RunRecord>& found) {
  for (const std::string& word : sort)
    for (const auto& [column, by] : {std::pair{"valid", "validated_by"}, {"loss", "unit"}, {"baseline", "unit"}}) {
      if (word != column && word != std::string("-") + column) continue;
      if (const std::string kinds = kinds_of(found, column, by); !kinds.empty())
        std::fputs(
            fmt::format("ebb runs list: note: sorted by `{0}`, although its {1} is {2}: choose one of them with "
                        "--where, as in --where \"{3} = '...'\"\n",
                        column, by == std::string("unit") ? "unit" : "measure", ebb::detail::printable(kinds), by)
                .c_str(),
            stderr);
    }
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
    std::vector<std::string> wanted = columns;
    for (const char* more : {"validated_by", "unit", "valid", "loss", "baseline"})  // of warn_of_order
      if (!query_.sort.empty() && std::find(wanted.begin(), wanted.end(), more) == wanted.end())
        wanted.emplace_back(more);
    std::vector<RunRecord> found = index.select(query_, wanted);
    warn_of_order(query_.sort, found);
    const std::size_t all = found.size();
    if (limit_ > 0) found.resize(std::min(all, static_cast<std::size_t>(limit_)));
    if (json_) put(export_json(found, columns));
    else if (named) print(found, columns, all - found.size());
    else if (all_columns) print(found, present(found, columns), all - found.size());
    else print(found, fitting(found, present(found, columns)), all - found.size());
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
