#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/commands/runs/runs_place.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/ops/printable.hpp>
#include <filesystem>

namespace ebb::app::runs {
namespace {

/// One run: how it ended, its options, results, environment and files.
class RunsShowCommand final : public Command {
 public:
  void options(Options& o) override {
    declare_run(o, run_);
    o.add("--json", json_, "print an object");
    place_.declare(o);
    o.example("ebb runs show train-20260101-120000");
    o.example("ebb runs show train-20260101-12 --json");
  }

  int run() override {
    RunIndex index = place_.open("show");
    const RunRecord run = index.run_of(run_);
    std::vector<std::string> all;
    for (const std::string& column : index.columns())
      if (run.values.contains(column)) all.push_back(column);
    for (const auto& [name, value] : run.values)
      if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
    if (json_) put(json_of(run, all) + "\n");
    else print(run, all);
    return 0;
  }

 private:
  static void print(const RunRecord& run, const std::vector<std::string>& columns) {
    std::string results, options;
    for (const std::string& column : columns) {
      const auto number = number_of(run[column]);
      const std::string value = number && !std::holds_alternative<std::int64_t>(run[column])
                                    ? fmt::format("{:.6g}", *number)
                                    : ebb::detail::printable(text_of(run[column]));
      (run.options.contains(column) ? options : results) += fmt::format("  {} {}\n", fit(column, 20), value);
    }
    put(fmt::format("{}\n{}", ebb::detail::printable(run.folder), results));
    if (!options.empty()) put("options\n" + options);
    put(fmt::format("files\n  {}\n", files_of(run.folder)));
  }

  static std::string files_of(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    const std::filesystem::directory_iterator end;
    for (std::filesystem::directory_iterator at(folder, error); !error && at != end; at.increment(error))
      names.push_back(at->path().filename().string() + (at->is_directory() ? "/" : ""));
    std::sort(names.begin(), names.end());
    const std::string text = fmt::format("{}", fmt::join(names, ", "));
    return fmt::format("{}", fmt::join(wrapped(ebb::detail::printable(text), 76), "\n  "));
  }

  RunsPlace place_;
  std::string run_;
  bool json_ = false;
};
EBB_SUBCOMMAND(runs_show, "runs show", RunsShowCommand, "show one run: status, results, options, environment, files");

}  // namespace
}  // namespace ebb::app::runs
