#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/out_file.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/commands/runs/runs_place.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/runs/condition.hpp>
#include <ebb/experiments/runs/export.hpp>
#include <ebb/ops/printable.hpp>

namespace ebb::app::runs {
namespace {

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
    check_parent(folder);
    RunFolder(folder, true).create();
    double written = 0;
    for (const RunRecord& run : choice_.of(index))
      for (const Trial& t : trials_of(run)) {
        if (to_ == "wandb") export_wandb(t, folder, project_);
        else if (to_ == "mlflow") export_mlflow(t, folder);
        else export_tensorboard(t, folder);
        written += 1;
      }
    put(fmt::format("{} in '{}'\n", count_text(written, "run"), ebb::detail::printable(folder)));
    return 0;
  }

 private:
  int export_table(RunIndex& index) const {
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
    if (out_.empty()) put(text);
    else OutFile(out_).write(text);
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
