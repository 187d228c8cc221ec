#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
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

void add_losses(const RunRecord& run, statistics::Group& group) {
  const json summary = object_in(run.folder + "/summary.json");
  if (!summary.contains("runs") || !summary["runs"].is_object()) return;
  for (const auto& [seed, x] : summary["runs"].items()) {
    if (seed.empty() || seed.find_first_not_of("0123456789") != std::string::npos || seed.size() > 19) continue;
    statistics::RunValue value{
        .seed = std::stoull(seed), .value = NAN, .ended = x.is_object() ? end_of(x) : Ended::failed};
    if (value.ended == Ended::completed) value.value = x["loss"].get<double>();
    group.runs.push_back(value);
  }
}

// "seed 1 of s3", "seeds 2, 4 of “gru, lr=0.1”": those that count, but not in the other group.
std::string alone_text(const statistics::Group& group, const statistics::Group& other, std::size_t& n) {
  std::vector<std::uint64_t> seeds;
  for (const statistics::RunValue& r : group.runs)
    if (statistics::run_of(group, r.seed) == &r && !statistics::run_of(other, r.seed)) seeds.push_back(r.seed);
  n += seeds.size();
  if (seeds.empty()) return {};
  std::sort(seeds.begin(), seeds.end());
  const std::string name = group.name.find_first_of(" ,") == std::string::npos ? group.name : "“" + group.name + "”";
  return fmt::format("{} {} of {}", seeds.size() == 1 ? "seed" : "seeds", seeds_text(seeds), name);
}

// Of the pairs that the sentences compare.
void add_alone(const statistics::Findings& found, const std::vector<statistics::Group>& groups,
               std::vector<std::string>& sentences) {
  for (const statistics::Difference& d : found.differences) {
    if (d.seeds() == 0 || !found.best || (d.a != *found.best && d.b != *found.best)) continue;
    std::size_t n = 0;
    std::string text = alone_text(groups[d.a], groups[d.b], n);
    const std::string other = alone_text(groups[d.b], groups[d.a], n);
    if (n == 0) continue;
    text += (text.empty() || other.empty() ? "" : " and ") + other;
    text[0] = 'S';
    sentences.push_back(fmt::format("{} {} no partner and {} left out of this difference.", text,
                                    n == 1 ? "has" : "have", n == 1 ? "is" : "are"));
  }
}

}  // namespace

statistics::Group losses_of(const RunEntry& entry) {
  statistics::Group group{.name = entry.label, .runs = {}};
  for (const RunRecord& run : entry.runs) add_losses(run, group);
  return group;
}

RunsFinding finding_of(const std::vector<RunEntry>& entries) {
  std::vector<statistics::Group> groups;
  std::set<std::string> units;
  for (const RunEntry& entry : entries) {
    groups.push_back(losses_of(entry));
    if (!statistics::values_of(groups.back()).empty()) units.insert(entry.text("unit"));
  }
  if (units.size() > 1)
    return {{fmt::format("The losses are not comparable: their units are {}.", fmt::join(units, ", "))}, {}};
  if (units.empty()) return {};
  const auto found =
      statistics::findings(groups, {.name = "loss on the test split", .unit = *units.begin(), .rises = false});
  RunsFinding all{found.sentences, found.note};
  add_alone(found, groups, all.sentences);
  return all;
}

}  // namespace ebb::app::runs
