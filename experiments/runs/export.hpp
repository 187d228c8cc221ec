#pragma once
#include <ebb/experiments/runs/trial.hpp>
#include <string>
#include <vector>

namespace ebb::app::runs {

/// Runs as a table, one line for each, as RFC 4180 has it.
std::string export_csv(const std::vector<RunRecord>&, const std::vector<std::string>& columns);
/// The same as an array of objects.
std::string export_json(const std::vector<RunRecord>&, const std::vector<std::string>& columns);

/// The following write a run into the folder that the tool reads. Writing it again replaces it.
/// Errors    FileError if a file cannot be written

/// FOLDER/offline-run-TIME-ID/run-ID.wandb and files/, for `wandb sync FOLDER/offline-run-*`.
void export_wandb(const Trial&, const std::string& folder, const std::string& project);
/// A run of MLflow's file store, in the experiment `ebb`: for mlflow.set_tracking_uri(FOLDER) and `mlflow ui`.
void export_mlflow(const Trial&, const std::string& folder);
/// FOLDER/NAME/events.out.tfevents.ebb: a copy of what the run has, or made from its learning curve.
void export_tensorboard(const Trial&, const std::string& folder);

}  // namespace ebb::app::runs
