#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/runs/finding.hpp>
#include <ebb/ops/error.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

namespace ebb::app::runs {
namespace {

using nlohmann::json;

// A seed whose run did not end well is not comparable.
bool ended_well(const json& seed) {
  const auto flag = [&](const char* key) {
    return seed.contains(key) && seed[key].is_boolean() && seed[key].get<bool>();
  };
  const bool diverged = seed.contains("diverged") && seed["diverged"].is_string() && seed["diverged"] != "";
  return !diverged && !flag("interrupted") && seed.contains("loss") && seed["loss"].is_number();
}

double mean_of(const std::map<std::uint64_t, double>& scores) {
  double sum = 0;
  for (const auto& [seed, score] : scores) sum += score;
  return sum / static_cast<double>(scores.size());
}

std::string seeds_text(const Scores& s) {
  const auto n = static_cast<double>(s.of_seed.size());
  return n == 1 ? fmt::format("seed {}", s.of_seed.begin()->first) : "mean of " + count_text(n, "seed");
}

}  // namespace

Scores scores_of(const RunRecord& run, const std::string& name) {
  Scores scores{.name = name, .unit = text_of(run["unit"])};
  const std::string path = run.folder + "/summary.json";
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) return scores;
  const json summary = json::parse(read_file(path), nullptr, false);
  if (!summary.is_object()) throw FileError(fmt::format("'{}' is not readable as JSON", path));
  if (!summary.contains("runs") || !summary["runs"].is_object()) return scores;
  for (const auto& [seed, x] : summary["runs"].items()) {
    if (seed.empty() || seed.find_first_not_of("0123456789") != std::string::npos || seed.size() > 19) continue;
    if (x.is_object() && ended_well(x)) scores.of_seed[std::stoull(seed)] = x["loss"].get<double>();
    else scores.left_out += 1;
  }
  return scores;
}

std::vector<std::string> findings(const std::vector<Scores>& all) {
  std::vector<std::string> sentences, parts;
  std::set<std::string> units;
  double left_out = 0;
  for (const Scores& s : all) {
    left_out += s.left_out;
    if (s.of_seed.empty()) continue;
    units.insert(s.unit);
    parts.push_back(fmt::format("{} {} ({})", s.name, number_text(mean_of(s.of_seed)), seeds_text(s)));
  }
  if (units.size() > 1)
    sentences.push_back(fmt::format("The losses are not comparable: their units are {}.", fmt::join(units, ", ")));
  if (!parts.empty())
    sentences.push_back(fmt::format("Loss on the test split{}: {}.",
                                    units.size() == 1 && !units.begin()->empty() ? ", " + *units.begin() : "",
                                    enumerated(parts)));
  if (left_out > 0)
    sentences.push_back(fmt::format("{} that diverged or did not end {} left out.", count_text(left_out, "seed"),
                                    left_out == 1 ? "is" : "are"));
  return sentences;
}

}  // namespace ebb::app::runs
