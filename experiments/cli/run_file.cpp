#include <unistd.h>

#include <ctime>
#include <ebb/experiments/cli/machine.hpp>
#include <ebb/experiments/cli/run_file.hpp>
#include <ebb/experiments/cli/version.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/isa.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace ebb::app {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* run_file = "run.json";

std::string dumped(const Json& x) { return x.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

// When the run that is resumed began; empty if its folder does not say.
std::string beginning_of(const std::string& folder) {
  const std::string path = folder + "/" + run_file;
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) return {};
  const Json earlier = Json::parse(read_file(path), nullptr, false);
  const bool known = earlier.is_object() && earlier.contains("started") && earlier["started"].is_string();
  return known ? earlier["started"].get<std::string>() : std::string();
}

std::string current_folder() {
  std::error_code error;
  const auto path = std::filesystem::current_path(error);
  return error ? std::string() : path.string();
}

}  // namespace

const char* name_of(RunStatus s) {
  switch (s) {
    case RunStatus::running: return "running";
    case RunStatus::finished: return "finished";
    case RunStatus::stopped: return "stopped";
    case RunStatus::paused: return "paused";
    default: return "failed";
  }
}

void RunFile::begin(RunFolder& folder, const std::string& command, int threads, bool again) {
  const std::string now = time_with_zone(), earlier = again ? beginning_of(folder.path()) : "";
  Json run;
  run["command"] = command;
  run["status"] = name_of(RunStatus::running);
  run["started"] = earlier.empty() ? now : earlier;
  if (!earlier.empty()) run["resumed"] = now;
  run["ebb"] = EBB_VERSION;
  run["commit"] = commit_text();
  run["compiler"] = compiler_text();
  run["instruction_set"] = ebb::name_of(isa());
  run["threads"] = threads;
  run["machine"] = {{"host", host_name()},
                    {"processor", processor()},
                    {"cores", processor_cores()},
                    {"memory_bytes", memory_bytes()},
                    {"system", system_name()}};
  run["folder"] = current_folder();  // what relative paths among the options are relative to
  run["pid"] = getpid();
  json_ = dumped(run);
  folder.write(run_file, json_);
}

void RunFile::end(RunFolder& folder, RunStatus status, const std::string& why) {
  if (json_.empty()) return;
  Json run = Json::parse(json_);
  json_.clear();
  run["status"] = name_of(status);
  if (!why.empty()) run["error"] = why;
  run["ended"] = time_with_zone();
  folder.write(run_file, dumped(run));
}

std::string time_with_zone() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char text[40];
  const std::size_t n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S%z", &local);
  return std::string(text, n - 2) + ":" + std::string(text + n - 2, 2);
}

}  // namespace ebb::app
