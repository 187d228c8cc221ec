#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/runs/notes.hpp>
#include <ebb/experiments/runs/run_json.hpp>
#include <ebb/experiments/runs/trial.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace ebb::app::runs {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// FNV-1a, the 64-bit form, from two starts.
std::string hex_id(const std::string& text) {
  std::string id;
  for (std::uint64_t h : {14695981039346656037u, 7809847782465536322u}) {
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211u;
    id += fmt::format("{:016x}", h);
  }
  return id;
}

// Of "2025-01-31 14:22:33", local time.
double seconds_of(const Value& time) {
  std::tm t{};
  const std::string text = text_of(time);
  if (std::sscanf(text.c_str(), "%d-%d-%d %d:%d:%d", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min,
                  &t.tm_sec) != 6)
    return 0;
  t.tm_year -= 1900;
  t.tm_mon -= 1;
  t.tm_isdst = -1;
  return std::max(0.0, static_cast<double>(std::mktime(&t)));
}

void add_results(std::map<std::string, double>& results, const json& seed) {
  for (const auto& [key, x] : seed.items())  // "valid" is a folder of MLflow's already, that of valid/loss
    if (x.is_number()) results[key == "valid" ? "valid_kept" : key] = x.get<double>();
  if (!seed.contains("measures") || !seed["measures"].is_object()) return;
  for (const auto& [key, x] : seed["measures"].items())
    if (x.is_object() && x.contains("value") && x["value"].is_number()) results[key] = x["value"].get<double>();
}

Trial common_of(const RunRecord& run, const json& summary) {
  Trial t{.run = run.name, .name = run.name, .folder = run.folder, .id = {}, .status = text_of(run["status"])};
  t.command = text_of(run["command"]);
  t.host = text_of(run["host"]);
  const Notes notes = read_notes(run.folder);
  t.tags = notes.tags;
  t.note = notes.note;
  t.started = seconds_of(run["started"]);
  t.ended = seconds_of(run["ended"]);
  const std::string config = run.folder + "/config.toml";
  std::error_code none;
  const json options = summary.contains("options")         ? summary["options"]
                       : fs::is_regular_file(config, none) ? options_in(read_file(config))
                                                           : json::object();
  for (const auto& [name, x] : options.items()) {
    std::string key = name;
    std::transform(key.begin(), key.end(), key.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    if (!x.is_null() && key != "out") t.options[key] = value_of(x);
  }
  for (const char* key : {"command", "ebb", "commit", "compiler", "instruction_set", "host", "processor", "size"})
    if (const std::string text = text_of(run[key]); !text.empty()) t.about[key] = text;
  return t;
}

std::string events_of(const std::string& folder, const CurveFile& file) {
  const std::string events = folder + "/tensorboard" + (file.of_several ? fmt::format("/seed-{}", file.seed) : "");
  std::error_code none;
  return fs::is_directory(events, none) ? events : std::string();
}

}  // namespace

std::vector<Trial> trials_of(const RunRecord& run) {
  const json summary = object_in(run.folder + "/summary.json");
  const Trial common = common_of(run, summary);
  const auto first = static_cast<std::uint64_t>(number_of(run["seed"]).value_or(1));
  const std::string whole = fs::absolute(run.folder).lexically_normal().string();
  std::vector<Trial> trials;
  for (const CurveFile& file : curve_files(run.folder, first)) {
    Trial t = common;
    if (file.of_several) t.name += fmt::format("/seed-{}", file.seed);
    t.id = hex_id(fmt::format("{} {}", whole, file.seed));
    t.options["seed"] = static_cast<std::int64_t>(file.seed);
    t.curve = read_curve(file.path);
    t.events = events_of(run.folder, file);
    const std::string seed = std::to_string(file.seed);
    if (summary.contains("runs") && summary["runs"].is_object() && summary["runs"].contains(seed)) {
      const json& of_seed = summary["runs"][seed];
      if (of_seed.is_object()) add_results(t.results, of_seed);
      if (of_seed.is_object() && of_seed.contains("validated_by") && of_seed["validated_by"].is_string())
        t.validated_by = of_seed["validated_by"];
    }
    trials.push_back(std::move(t));
  }
  if (!trials.empty()) return trials;
  Trial t = common;
  t.id = hex_id(whole);
  for (const auto& [key, x] : summary.items())
    if (x.is_number()) t.results[key] = x.get<double>();
  return {std::move(t)};
}

std::vector<std::pair<std::string, double>> scalars_of(const Trial& t, const CurvePoint& p) {
  std::string valid = "valid/" + t.validated_by;
  std::replace(valid.begin(), valid.end(), ' ', '_');
  std::vector<std::pair<std::string, double>> all{{"train/loss", p.loss},
                                                  {"train/gradient_norm", p.gradient_norm},
                                                  {"train/clipped", p.clipped ? 1 : 0},
                                                  {"train/lr", p.lr},
                                                  {valid, p.valid}};
  std::erase_if(all, [](const auto& scalar) { return !std::isfinite(scalar.second); });
  return all;
}

}  // namespace ebb::app::runs
