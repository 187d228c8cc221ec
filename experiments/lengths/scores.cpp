#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/lengths/scores.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

namespace ebb::app::lengths {
namespace {

using nlohmann::json;

const json& inside(const json& j, const std::string& key) {
  static const json missing;
  return j.is_object() && j.contains(key) ? j.at(key) : missing;
}

double number_at(const json& j, const char* key) {
  const json& x = inside(j, key);
  return x.is_number() ? x.get<double>() : NAN;
}

int seeds_in_state(const CellScores& c, const char* state) {
  return static_cast<int>(
      std::count_if(c.seeds.begin(), c.seeds.end(), [&](const SeedScores& s) { return s.state == state; }));
}

}  // namespace

sweep::Spread CellScores::spread(std::size_t k) const {
  std::vector<double> values;
  for (const SeedScores& s : seeds)
    if (k < s.values.size()) values.push_back(s.values[k]);
  return sweep::spread_of(values);
}

int CellScores::diverged() const { return seeds_in_state(*this, "diverged"); }
int CellScores::failed() const { return seeds_in_state(*this, "failed"); }

double TaskScores::perfect() const {
  if (!rises) return 0;
  if (unit == "%") return 100;
  double best = NAN;
  for (const CellScores& c : cells)
    for (std::size_t k = 0; k < lengths.size(); ++k) best = std::fmax(best, c.spread(k).mean);
  return best;
}

double TaskScores::share(const CellScores& c, std::size_t k) const {
  const double mean = c.spread(k).mean, base = baselines[k];
  return std::isnan(mean) ? NAN : std::clamp((mean - base) / (perfect() - base), 0.0, 1.0);
}

SeedScores seed_scores_of(const std::string& folder, const sweep::TrialResult& trial, std::uint64_t seed,
                          TaskScores& task) {
  SeedScores s{.seed = seed, .state = trial.state(false), .seconds = trial.record.seconds};
  s.values.assign(task.lengths.size(), NAN);
  const std::string file = folder + "/summary.json";
  std::error_code none;
  if (s.state != "ended" || !std::filesystem::is_regular_file(file, none)) return s;
  const json summary = json::parse(read_file(file), nullptr, false);
  const json& run = inside(inside(summary, "runs"), std::to_string(seed));
  const json &measure = inside(run, "length_measure"), &unit = inside(run, "length_unit");
  if (measure.is_string()) task.measure = measure.get<std::string>();
  if (unit.is_string()) task.unit = unit.get<std::string>();
  task.rises = inside(run, "length_measure_rises") == true;
  for (std::size_t k = 0; k < task.lengths.size(); ++k) {
    const json& at = inside(inside(run, "lengths"), std::to_string(task.lengths[k]));
    s.values[k] = number_at(at, "value");
    if (const double base = number_at(at, "baseline"); !std::isnan(base)) task.baselines[k] = base;
  }
  return s;
}

std::vector<std::string> ranked_cells(const std::vector<TaskScores>& tasks) {
  std::map<std::string, std::pair<double, int>> sums;
  for (const TaskScores& t : tasks)
    for (const CellScores& c : t.cells) {
      auto& [sum, count] = sums[c.cell];
      for (std::size_t k = 0; k < t.lengths.size(); ++k)
        if (const double share = t.share(c, k); t.lengths[k] > t.trained && !std::isnan(share)) {
          sum += share;
          ++count;
        }
    }
  const auto mean = [](const std::pair<double, int>& s) { return s.second > 0 ? s.first / s.second : -1; };
  std::vector<std::string> names;
  for (const auto& [name, sum] : sums) names.push_back(name);
  std::sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    const double x = mean(sums[a]), y = mean(sums[b]);
    return x != y ? x > y : a < b;
  });
  return names;
}

std::string score_text(double value, const std::string& unit) {
  if (unit != "%" || !std::isfinite(value)) return number_text(value);
  return value == std::round(value) ? fmt::format("{:.0f}", value) : fmt::format("{:.1f}", value);
}

}  // namespace ebb::app::lengths
