#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/out_file.hpp>
#include <ebb/experiments/cli/outcome.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/commands/runs/runs_place.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/runs/condition.hpp>
#include <ebb/experiments/runs/export.hpp>
#include <ebb/ops/printable.hpp>
#include <filesystem>

namespace ebb::app::runs {
namespace {

namespace fs = std::filesystem;

/// Runs in the form of other programs.
class RunsExportCommand final : public Command {
 public:
  void options(Options& o) override {
    choice_.declare(o, "export (default: all)");
    o.add("--to", to_,
          "csv or json: a table with one line for each run; wandb, mlflow or tensorboard: offline folders "
          "with the learning curves, which these tools read")
        .one_of({"csv", "json", "wandb", "mlflow", "tensorboard"})
        .required();
    o.add("--out", out_,
          "file (default: standard output) or, for the tools, folder (default: wandb, mlruns, tensorboard)")
        .type("PATH");
    o.add("--columns", columns_, "columns of csv and json (default: those that any run has)");
    o.add("--project", project_, "name of the project in Weights & Biases").type("NAME");
    place_.declare(o);
    o.example("ebb runs export --to csv --out runs.csv                      pandas.read_csv('runs.csv')");
    o.example("ebb runs export --to wandb --where \"task = 'chars'\"          then: wandb sync wandb/offline-run-*");
    o.example(
        "ebb runs export --to mlflow --out mlruns                     then: mlflow ui --backend-store-uri mlruns");
    o.example("ebb runs export --to tensorboard --out board                 then: tensorboard --logdir board");
  }

  int run() override {
    RunIndex index = place_.open("export");
    if (to_ == "csv" || to_ == "json") return export_table(index);
    if (!columns_.empty()) throw ValueError("--columns applies to --to csv and --to json only");
    const std::string folder = !out_.empty() ? out_ : to_ == "mlflow" ? "mlruns" : to_;
    reject_runs(folder, index.folder());
    check_parent(folder);
    RunFolder(folder, true).create();
    double written = 0;
    int damaged = 0;
    for (const RunRecord& run : choice_.of(index)) {
      std::vector<Trial> trials;
      try {
        trials = trials_of(run);
      } catch (const FileError& e) {
        ++damaged;
        complain("ebb runs export", fmt::format("'{}' is left out, because it is damaged: {}", run.name, e.what()), 1);
      }
      for (const Trial& t : trials) {
        if (to_ == "wandb") export_wandb(t, folder, project_);
        else if (to_ == "mlflow") export_mlflow(t, folder);
        else export_tensorboard(t, folder);
        written += 1;
      }
    }
    put(fmt::format("{} in '{}'\n", count_text(written, "run"), ebb::detail::printable(folder)));
    return damaged > 0 ? 1 : 0;
  }

 private:
  // What is exported would be taken for a part of the runs, or replace it.
  static void reject_runs(const std::string& out, const std::string& runs) {
    std::error_code none;
    const auto fail = [&](const std::string& what) {
      throw ValueError(fmt::format("--out '{}' is {}: name another folder, such as 'exported'", out, what));
    };
    if (fs::equivalent(out, runs, none)) fail("the folder of the runs themselves");
    fs::path path = (fs::absolute(out) / "").lexically_normal().parent_path();
    for (; path.has_relative_path(); path = path.parent_path())
      if (fs::exists(path / "config.toml", none) && !writer_of(path.string()).empty())
        fail(fmt::format("in the folder of a run, '{}'", path.filename().string()));
  }

  int export_table(RunIndex& index) const {
    if (!out_.empty()) reject_runs(out_, index.folder());
    std::vector<std::string> columns;
    const std::vector<std::string> known = index.columns();
    const std::vector<RunRecord> chosen =
        choice_.names.empty() ? index.select(choice_.query, known) : choice_.of(index);
    for (const std::string& name : columns_) columns.push_back(known_column(name, known));
    if (columns.empty())
      for (const std::string& name : known)
        if (std::any_of(chosen.begin(), chosen.end(), [&](const RunRecord& r) { return r.values.contains(name); }))
          columns.push_back(name);
    const std::string text = to_ == "csv" ? export_csv(chosen, columns) : export_json(chosen, columns);
    if (out_.empty()) {
      put(text);
      return 0;
    }
    const OutFile file(out_);
    file.write(text);
    if (!file.is_standard_output())
      put(fmt::format("{} in '{}'\n", count_text(static_cast<double>(chosen.size()), "run"),
                      ebb::detail::printable(out_)));
    return 0;
  }

  RunsPlace place_;
  RunsChoice choice_;
  std::string to_, out_, project_ = "ebb";
  std::vector<std::string> columns_;
};
EBB_SUBCOMMAND(runs_export, "runs export", RunsExportCommand,
               "write runs as CSV or JSON, or for Weights & Biases, MLflow or TensorBoard");

}  // namespace
}  // namespace ebb::app::runs
