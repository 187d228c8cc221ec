#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ctime>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/runs/export.hpp>
#include <ebb/experiments/runs/wandb_file.hpp>
#include <ebb/experiments/train/run_log.hpp>
#include <ebb/ops/error.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace ebb::app::runs {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw FileError(fmt::format("cannot create the folder '{}': {}", path.string(), error.message()));
}

void write_file(const fs::path& path, const std::string& content) {
  make_folder(path.parent_path());
  write_whole(path.string(), content);
}

std::string one_line(const json& x) { return x.dump(-1, ' ', false, json::error_handler_t::replace); }

std::int64_t milliseconds(double seconds) { return static_cast<std::int64_t>(seconds * 1000); }

// YAML takes JSON's texts and numbers as they are.
std::string yaml_line(const std::string& key, const json& value) { return key + ": " + one_line(value) + "\n"; }

// The numbers by which MLflow's files name a status.
int mlflow_status(const std::string& status) {
  return status == "running" ? 1 : status == "finished" ? 3 : status == "failed" || status == "damaged" ? 4 : 5;
}

// MLflow allows letters, digits and these; its names are paths of files.
std::string mlflow_name(const std::string& name) {
  std::string allowed;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const bool dots =
        c == '.' && (allowed.empty() || allowed.back() == '.' || allowed.back() == '/');  // a path upwards
    allowed += plain || (!dots && std::string_view("_-. /").find(c) != std::string_view::npos) ? c : '_';
  }
  return allowed.starts_with('/') ? "_" + allowed : allowed;
}

constexpr const char* experiment = "1";

void write_experiment(const fs::path& folder) {
  const auto one = [&](const char* id, const char* name) {
    const fs::path meta = folder / id / "meta.yaml";
    std::error_code none;
    if (fs::exists(meta, none)) return;
    write_file(meta, yaml_line("artifact_location", "file://" + fs::absolute(folder / id).lexically_normal().string()) +
                         yaml_line("creation_time", milliseconds(static_cast<double>(std::time(nullptr)))) +
                         yaml_line("experiment_id", id) +
                         yaml_line("last_update_time", milliseconds(static_cast<double>(std::time(nullptr)))) +
                         yaml_line("lifecycle_stage", "active") + yaml_line("name", name));
  };
  one("0", "Default");  // which MLflow looks for
  one(experiment, "ebb");
}

// A run that was killed ends with its last update.
double end_time_of(const Trial& t) {
  return t.ended > 0 ? t.ended : t.started + (t.curve.empty() ? 0 : t.curve.back().seconds);
}

std::string mlflow_meta(const Trial& t, const fs::path& folder) {
  return yaml_line("artifact_uri", "file://" + fs::absolute(folder / "artifacts").lexically_normal().string()) +
         yaml_line("end_time", t.status == "running" ? json() : json(milliseconds(end_time_of(t)))) +
         yaml_line("entry_point_name", "") + yaml_line("experiment_id", experiment) +
         yaml_line("lifecycle_stage", "active") + yaml_line("run_id", t.id) + yaml_line("run_name", t.name) +
         yaml_line("run_uuid", t.id) + yaml_line("source_name", "") + yaml_line("source_type", 4) +
         yaml_line("source_version", "") + yaml_line("start_time", milliseconds(t.started)) +
         yaml_line("status", mlflow_status(t.status)) + yaml_line("tags", json::array()) + yaml_line("user_id", "");
}

// One line for each value: milliseconds, value, update.
std::map<std::string, std::string> mlflow_metrics(const Trial& t) {
  std::map<std::string, std::string> files;
  for (const CurvePoint& p : t.curve)
    for (const auto& [name, value] : scalars_of(t, p))
      files[name] += fmt::format("{} {} {}\n", milliseconds(t.started + p.seconds), value, p.step);
  const int last = t.curve.empty() ? 0 : t.curve.back().step;
  for (const auto& [name, value] : t.results)
    if (std::isfinite(value)) files[name] += fmt::format("{} {} {}\n", milliseconds(end_time_of(t)), value, last);
  return files;
}

std::string wandb_time(double seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm local{};
  localtime_r(&time, &local);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y%m%d_%H%M%S", &local)};
}

}  // namespace

void export_wandb(const Trial& t, const std::string& folder, const std::string& project) {
  const std::string id = wandb_id(t);
  const fs::path run = fs::path(folder) / fmt::format("offline-run-{}-{}", wandb_time(t.started), id);
  std::string config = "wandb_version: 1\n";
  for (const auto& [key, value] : t.options)
    config += fmt::format("{}:\n  desc: null\n  value: {}\n", one_line(key),
                          number_of(value) ? text_of(value) : one_line(text_of(value)));
  json summary = json::object();
  for (const auto& [key, value] : t.results) summary[key] = value;
  write_file(run / "files" / "config.yaml", config);
  write_file(run / "files" / "wandb-summary.json", one_line(summary) + "\n");
  write_file(run / ("run-" + id + ".wandb"), wandb_file(t, project));
}

void export_mlflow(const Trial& t, const std::string& folder) {
  write_experiment(folder);
  const fs::path run = fs::path(folder) / experiment / t.id;
  std::error_code error;
  fs::remove_all(run, error);
  if (error) throw FileError(fmt::format("cannot replace '{}': {}", run.string(), error.message()));
  for (const char* part : {"artifacts", "metrics", "params", "tags"}) make_folder(run / part);
  for (const auto& [name, text] : mlflow_metrics(t)) write_file(run / "metrics" / mlflow_name(name), text);
  for (const auto& [name, value] : t.options) write_file(run / "params" / mlflow_name(name), text_of(value));
  for (const auto& [name, value] : t.about) write_file(run / "tags" / ("ebb." + mlflow_name(name)), text_of(value));
  for (const std::string& tag : t.tags) write_file(run / "tags" / ("ebb.tag." + mlflow_name(tag)), "true");
  write_file(run / "tags" / "ebb.folder", fs::absolute(t.folder).lexically_normal().string());
  write_file(run / "tags" / "mlflow.runName", t.name);
  if (!t.note.empty()) write_file(run / "tags" / "mlflow.note.content", t.note);
  write_file(run / "meta.yaml", mlflow_meta(t, run));  // last: a run without it is not one
}

void export_tensorboard(const Trial& t, const std::string& folder) {
  const fs::path to = fs::path(folder) / t.name;
  if (t.events.empty() && t.curve.empty()) return;
  make_folder(to);
  if (t.events.empty())
    return write_whole((to / "events.out.tfevents.ebb").string(), RunLog::events(t.started, t.curve, t.validated_by));
  std::error_code error;
  fs::copy(t.events, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
  if (error) throw FileError(fmt::format("cannot copy '{}' to '{}': {}", t.events, to.string(), error.message()));
}

}  // namespace ebb::app::runs
