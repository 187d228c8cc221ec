#include <fmt/format.h>
#include <fmt/ranges.h>
#include <cmath>
#include <ebb/experiments/runs/finding.hpp>
#include <ebb/experiments/runs/run_json.hpp>
#include <nlohmann/json.hpp>
#include <set>

namespace ebb::app::runs {
namespace {

using nlohmann::json;
using statistics::Ended;

Ended end_of(const json& seed) {
  const auto flag = [&](const char* key) {
    return seed.contains(key) && seed[key].is_boolean() && seed[key].get<bool>();
  };
  if (seed.contains("diverged") && seed["diverged"].is_string() && seed["diverged"] != "") return Ended::diverged;
  if (flag("interrupted")) return Ended::stopped;
  return seed.contains("loss") && seed["loss"].is_number() ? Ended::completed : Ended::failed;
}

}  // namespace

statistics::Group losses_of(const RunRecord& run, const std::string& name) {
  statistics::Group group{.name = name, .runs = {}};
  const json summary = object_in(run.folder + "/summary.json");
  if (!summary.contains("runs") || !summary["runs"].is_object()) return group;
  for (const auto& [seed, x] : summary["runs"].items()) {
    if (seed.empty() || seed.find_first_not_of("0123456789") != std::string::npos || seed.size() > 19) continue;
    statistics::RunValue value{
        .seed = std::stoull(seed), .value = NAN, .ended = x.is_object() ? end_of(x) : Ended::failed};
    if (value.ended == Ended::completed) value.value = x["loss"].get<double>();
    group.runs.push_back(value);
  }
  return group;
}

RunsFinding finding_of(const std::vector<RunRecord>& runs, const std::vector<std::string>& names) {
  std::vector<statistics::Group> groups;
  std::set<std::string> units;
  for (std::size_t k = 0; k < runs.size(); ++k) {
    groups.push_back(losses_of(runs[k], names[k]));
    if (!statistics::values_of(groups.back()).empty()) units.insert(text_of(runs[k]["unit"]));
  }
  if (units.size() > 1)
    return {{fmt::format("The losses are not comparable: their units are {}.", fmt::join(units, ", "))}, {}};
  if (units.empty()) return {};
  const auto found =
      statistics::findings(groups, {.name = "loss on the test split", .unit = *units.begin(), .rises = false});
  return {found.sentences, found.note};
}

}  // namespace ebb::app::runs
