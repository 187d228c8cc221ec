#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/commands/runs/printed_table.hpp>
#include <ebb/experiments/commands/runs/runs_place.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/runs/comparison.hpp>
#include <ebb/ops/printable.hpp>

namespace ebb::app::runs {
namespace {

std::string table_text(const Table& table) {
  std::vector<PrintedColumn> columns;
  for (std::size_t k = 0; k < table.head.size(); ++k) {
    PrintedColumn c{.cells = {table.head[k]}};
    for (const auto& row : table.rows) c.cells.push_back(ebb::detail::printable(row[k].text));
    columns.push_back(std::move(c));
  }
  return printed_table(columns, 40) + (table.caption.empty() ? "" : table.caption + "\n");
}

/// Several runs side by side: printed, and as a page with their learning curves.
class RunsCompareCommand final : public Command {
 public:
  void options(Options& o) override {
    choice_.declare(o, "compare");
    o.add("--out", out_, "folder for the page (default: DIR/compare-TIME)").type("DIR");
    o.add("--json", json_, "print an object, and write no page");
    place_.declare(o);
    o.example("ebb runs compare train-20260101-120000 train-20260101-130000");
    o.example("ebb runs compare --where \"task = 'adding' and hidden = 64\" --out adding");
  }

  int run() override {
    choice_.require("compare");
    RunIndex index = place_.open("compare");
    std::vector<RunRecord> chosen = choice_.of(index);
    reject_others(chosen);
    const Comparison comparison{std::move(chosen)};
    if (comparison.runs().size() < 2)
      throw ValueError(fmt::format("two runs or more are needed to compare, not {}", comparison.runs().size()));
    if (json_) {
      put(comparison.json());
      return 0;
    }
    RunFolder folder =
        out_.empty() ? RunFolder::of_its_own(index.folder() + "/compare-" + time_stamp()) : RunFolder(out_, false);
    Report report{"ebb runs compare"};
    const RunsFinding found = comparison.finding();
    comparison.fill(report, found);
    folder.create();
    folder.write("report.html", report.html());
    folder.write("figures.json", report.figures_json());
    folder.make_parents("figures/");
    for (const Figure& f : report.figures()) folder.write("figures/" + f.id + ".csv", f.csv);
    std::string text = table_text(comparison.options()) + "\n" + table_text(comparison.results());
    for (const std::string& sentence : found.sentences)
      for (const std::string& line : wrapped(sentence, 78)) text += "\n" + ebb::detail::printable(line);
    put(fmt::format("{}\n\nlearning curves: {}/report.html\n", text, ebb::detail::printable(folder.path())));
    return 0;
  }

 private:
  // Only runs of `ebb train` have test losses and curves by seed.
  static void reject_others(const std::vector<RunRecord>& chosen) {
    std::vector<std::string> others;
    const RunRecord* first = nullptr;
    for (const RunRecord& run : chosen) {
      const std::string command = text_of(run["command"]);
      if (command == "train" || command.empty()) continue;
      others.push_back(fmt::format("'{}' is of `ebb {}`", run.name, command));
      if (!first) first = &run;
    }
    if (!first) return;
    constexpr std::size_t most = 4;
    const std::size_t n = others.size();
    others.resize(std::min(n, most));
    const bool sweep = text_of((*first)["command"]) == "sweep";
    throw ValueError(fmt::format(
        "runs of `ebb train` are compared, but {}{}; {}", fmt::join(others, ", "), n > most ? ", ..." : "",
        sweep ? fmt::format("compare its trials: ebb runs compare --where \"run like '{}/trials/%'\"", first->name)
              : fmt::format("its own comparison is {}/report.html; with --where, add: and command = 'train'",
                            first->folder)));
  }

  RunsPlace place_;
  RunsChoice choice_;
  std::string out_;
  bool json_ = false;
};
EBB_SUBCOMMAND(runs_compare, "runs compare", RunsCompareCommand,
               "compare runs: the options that differ, results, and learning curves on one page");

}  // namespace
}  // namespace ebb::app::runs
