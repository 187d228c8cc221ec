#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/runs/curve.hpp>
#include <ebb/experiments/runs/notes.hpp>
#include <ebb/experiments/runs/run_json.hpp>
#include <ebb/experiments/runs/run_record.hpp>
#include <ebb/ops/error.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace ebb::app::runs {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Values = std::map<std::string, Value>;

bool is_file(const std::string& path) {
  std::error_code none;
  return fs::is_regular_file(path, none);
}

// "20250131-142233" and "2025-01-31T14:22:33+01:00" are "2025-01-31 14:22:33".
std::string time_text(const std::string& t) {
  if (t.size() == 15)
    return fmt::format("{}-{}-{} {}:{}:{}", t.substr(0, 4), t.substr(4, 2), t.substr(6, 2), t.substr(9, 2),
                       t.substr(11, 2), t.substr(13, 2));
  return t.size() >= 19 ? t.substr(0, 10) + " " + t.substr(11, 8) : t;
}

void add_environment(Values& v, const json& run) {
  for (const char* key : {"command", "ebb", "commit", "compiler", "instruction_set", "threads", "error"})
    if (run.contains(key)) v[key] = value_of(run[key]);
  for (const char* key : {"started", "ended"})
    if (run.contains(key) && run[key].is_string()) v[key] = time_text(run[key].get<std::string>());
  if (!run.contains("machine") || !run["machine"].is_object()) return;
  for (const char* key : {"host", "processor"})
    if (run["machine"].contains(key)) v[key] = value_of(run["machine"][key]);
}

void add_options(Values& v, const json& options) {
  for (const auto& [name, value] : options.items()) {
    const std::string column = column_name(name);
    if (column != "out" && !value.is_null()) v[column] = value_of(value);
  }
}

// Of the seeds that have one.
class Mean {
 public:
  void add(const json& x) {
    if (!x.is_number()) return;
    sum_ += x.get<double>();
    whole_ = whole_ && x.is_number_integer();
    n_ += 1;
  }
  Value value() const {
    if (n_ == 0) return {};
    const double mean = sum_ / n_;
    if (whole_ && mean == std::floor(mean) && std::abs(mean) < 1e15) return static_cast<std::int64_t>(mean);
    return mean;
  }

 private:
  double sum_ = 0, n_ = 0;
  bool whole_ = true;
};

// The unit of `valid`: that of the losses, or of the measure.
void add_valid_unit(Values& v, const json& seed) {
  if (!seed.contains("validated_by") || !seed["validated_by"].is_string()) return;
  const std::string by = seed["validated_by"];
  const json* from = &seed;
  if (by != "loss" && seed.contains("measures")) {
    if (!seed["measures"].is_object() || !seed["measures"].contains(by)) return;
    from = &seed["measures"][by];
  } else if (by != "loss") {
    return;
  }
  if (from->is_object() && from->contains("unit") && (*from)["unit"].is_string())
    v["valid_unit"] = value_of((*from)["unit"]);
}

void add_seeds(Values& v, const json& seeds) {
  std::map<std::string, Mean> means, measures;
  std::map<std::string, std::int64_t> counts;
  for (const json& seed : seeds) {
    if (!seed.is_object()) continue;
    for (const auto& [key, x] : seed.items()) {
      if (key == "seconds" || key == "ended")
        continue;  // these columns are the job's: its wall time, and when it ended
      const std::string name = key == "baseline_loss" ? "baseline" : column_name(key);
      if (key == "diverged") counts[name] += x.is_string() && !x.get_ref<const std::string&>().empty() ? 1 : 0;
      else if (x.is_boolean()) counts[name] += x.get<bool>() ? 1 : 0;
      else if (x.is_string()) v[name] = value_of(x);
      else means[name].add(x);
    }
    add_valid_unit(v, seed);
    if (!seed.contains("measures") || !seed["measures"].is_object()) continue;
    for (const auto& [key, x] : seed["measures"].items())
      if (x.is_object() && x.contains("value")) measures[column_name(key)].add(x["value"]);
  }
  for (const auto& [name, mean] : means) v[name] = mean.value();
  for (const auto& [name, mean] : measures) v[v.contains(name) ? "measure_" + name : name] = mean.value();
  for (const auto& [name, n] : counts)
    if (name != "interrupted") v[name] = n;
}

void add_summary(Values& v, const json& summary) {
  static const std::vector<std::string> of_the_job{"command", "started", "ebb",  "build", "instruction_set", "options",
                                                   "seeds",   "palette", "runs", "quick", "interrupted",     "paused"};
  if (summary.contains("started") && summary["started"].is_string() && !v.contains("started"))
    v["started"] = time_text(summary["started"].get<std::string>());
  for (const char* key : {"command", "ebb", "instruction_set"})
    if (summary.contains(key) && !v.contains(key)) v[key] = value_of(summary[key]);
  for (const auto& [key, x] : summary.items())  // the results of a command of one's own, too
    if (x.is_primitive() && !x.is_null() && std::find(of_the_job.begin(), of_the_job.end(), key) == of_the_job.end())
      v[column_name(key)] = value_of(x);
  if (summary.contains("runs") && summary["runs"].is_object()) add_seeds(v, summary["runs"]);
}

std::string status_of(const std::string& folder, const json& run, const json& summary) {
  if (run.contains("status") && run["status"].is_string()) {
    const std::string status = run["status"];
    return status != "running" || folder_in_use(folder) ? status : "killed";
  }
  // An earlier version wrote no run.json.
  if (summary.contains("interrupted") && summary["interrupted"].is_boolean() && !summary["interrupted"].get<bool>())
    return "finished";
  return folder_in_use(folder) ? "running" : summary.empty() ? "killed" : "stopped";
}

// How far a run is that has no results yet.
void add_progress(Values& v, const std::string& folder) {
  const auto files = curve_files(folder);
  if (files.empty()) return;
  const CurveEnd end = end_of_curve(files.back().path);
  if (end.step > 0) v["updates"] = std::int64_t{end.step};
  if (std::isfinite(end.valid)) v["valid"] = end.valid;
}

int updates_of(const json& summary, std::uint64_t seed) {
  const json::json_pointer at("/runs/" + std::to_string(seed) + "/updates");
  return summary.contains(at) && summary[at].is_number_integer() ? summary[at].get<int>() : 0;
}

// What a job that recorded its end has written must be there. Versions without run.json wrote other files.
void check_files(const RunRecord& record, const json& run, const json& summary) {
  const std::string& folder = record.folder;
  if (run.empty()) return;
  if (is_file(folder + "/config.toml")) check_config(folder + "/config.toml");
  const std::string status = text_of(record["status"]);
  const bool whole = status == "finished" || status == "paused";
  if (whole && summary.empty()) throw FileError(fmt::format("'{}/summary.json' is missing", folder));
  if (text_of(record["command"]) != "train" || status == "running" || status == "killed") return;
  const auto first = static_cast<std::uint64_t>(number_of(record["seed"]).value_or(1));
  for (const CurveFile& file : curve_files(folder, first))
    check_curve(file.path, whole ? updates_of(summary, file.seed) : 0);
}

void read_into(RunRecord& record) {
  Values& v = record.values;
  const std::string& folder = record.folder;
  const json run = object_in(folder + "/run.json"), summary = object_in(folder + "/summary.json");
  add_environment(v, run);
  const bool has_options = summary.contains("options") && summary["options"].is_object();
  Values options;
  if (has_options) add_options(options, summary["options"]);
  else if (is_file(folder + "/config.toml")) add_options(options, options_in(read_file(folder + "/config.toml")));
  if (!v.contains("command")) {
    if (const std::string writer = writer_of(folder); !writer.empty()) v["command"] = writer;
  }
  add_summary(v, summary);
  for (const auto& [name, value] : options)
    if (v.emplace(name, value).second) record.options.insert(name);
  v["status"] = status_of(folder, run, summary);
  if (!summary.contains("runs")) add_progress(v, folder);
  check_files(record, run, summary);
}

}  // namespace

const Value& RunRecord::operator[](const std::string& column) const {
  static const Value none;
  const auto at = values.find(column);
  return at == values.end() ? none : at->second;
}

std::optional<RunRecord> read_run(const std::string& folder, std::string name) {
  const bool run = is_file(folder + "/run.json"), summary = is_file(folder + "/summary.json");
  if (!run && !summary && (!is_file(folder + "/config.toml") || writer_of(folder).empty())) return {};
  if (!run && summary && !is_file(folder + "/config.toml")) return {};  // the summary of some other program
  RunRecord record{.name = std::move(name), .folder = folder};
  try {
    read_into(record);
    add_notes(record.values, read_notes(folder));
  } catch (const FileError& e) {
    record.values["status"] = "damaged";
    record.values["error"] = e.what();
  }
  record.values["run"] = record.name;
  return record;
}

}  // namespace ebb::app::runs
