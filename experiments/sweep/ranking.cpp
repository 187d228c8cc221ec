#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/statistics/interval.hpp>
#include <ebb/experiments/sweep/ranking.hpp>

namespace ebb::app::sweep {
namespace {

constexpr int least_for_deviation = 3;  // as in the studies

ConfigurationResult result_of(const Plan& plan, const std::vector<TrialResult>& results, std::size_t configuration) {
  ConfigurationResult c{.configuration = configuration, .updates = plan.steps};
  std::vector<double> last;
  for (std::size_t s = 0; s < plan.seeds.size(); ++s) {
    const TrialResult& r = results[plan.trial(configuration, s)];
    const bool ended = r.failed.empty() && r.record.state == TrialRecord::State::ended;
    const double valid = r.record.valid_at(to_the_end, plan.validation);
    c.by_seed.push_back(ended ? valid : NAN);
    c.tests.push_back(ended ? r.record.test : NAN);
    last.push_back(r.failed.empty() ? valid : NAN);
    if (!r.failed.empty()) ++c.failed;
    else if (r.record.state == TrialRecord::State::diverged) ++c.diverged;
    else if (!ended) ++c.stopped;
    if (!ended) c.updates = std::min(c.updates, r.record.updates);
  }
  c.valid = spread_of(c.by_seed);
  c.test = spread_of(c.tests);
  c.last = spread_of(last);
  return c;
}

}  // namespace

std::string Spread::text() const {
  if (count < 2) return number_text(mean);
  if (count < least_for_deviation) return fmt::format("{} (n = {})", number_text(mean), count);
  return fmt::format("{} ± {}", number_text(mean), number_text(deviation));
}

Spread spread_of(const std::vector<double>& values) {
  std::vector<double> finite;
  for (const double x : values)
    if (std::isfinite(x)) finite.push_back(x);
  if (finite.empty()) return {};
  const auto [mean, deviation] = statistics::moments(finite);
  return {mean, deviation, static_cast<int>(finite.size())};
}

std::vector<const ConfigurationResult*> comparable(const Plan& plan, const std::vector<ConfigurationResult>& all) {
  const bool whole_only =
      !plan.rungs.empty() && std::any_of(all.begin(), all.end(), [](const auto& c) { return c.whole(); });
  std::vector<const ConfigurationResult*> found;
  for (const ConfigurationResult& c : all)
    if (c.whole() || !whole_only) found.push_back(&c);
  return found;
}

std::vector<ConfigurationResult> ranking_of(const Plan& plan, const std::vector<TrialResult>& results) {
  std::vector<ConfigurationResult> all;
  for (std::size_t k = 0; k < plan.configurations.size(); ++k) all.push_back(result_of(plan, results, k));
  std::sort(all.begin(), all.end(), [&](const ConfigurationResult& a, const ConfigurationResult& b) {
    if (a.whole() != b.whole()) return a.whole();
    if (a.valid.count == 0 && b.valid.count == 0 && a.updates != b.updates) return a.updates > b.updates;
    const double x = a.valid.count > 0 ? a.valid.mean : NAN, y = b.valid.count > 0 ? b.valid.mean : NAN;
    if (plan.validation.better(x, y) || plan.validation.better(y, x)) return plan.validation.better(x, y);
    if (a.valid.count == 0 &&
        (plan.validation.better(a.last.mean, b.last.mean) || plan.validation.better(b.last.mean, a.last.mean)))
      return plan.validation.better(a.last.mean, b.last.mean);
    return a.configuration < b.configuration;
  });
  return all;
}

}  // namespace ebb::app::sweep
