#include <algorithm>
#include <cmath>
#include <ebb/experiments/statistics/difference.hpp>
#include <ebb/experiments/statistics/distributions.hpp>
#include <ebb/experiments/statistics/power.hpp>
#include <ebb/experiments/statistics/signed_rank.hpp>

namespace ebb::app::statistics {
namespace {

std::vector<double> paired(const Group& a, const Group& b) {
  std::vector<double> by_seed;
  for (const RunValue& r : a.runs) {
    const RunValue* const other = run_of(b, r.seed);
    if (other && run_of(a, r.seed) == &r) by_seed.push_back(r.value - other->value);
  }
  return by_seed;
}

// Equal but for rounding: of the values, not of their difference.
bool constant(const Moments& m) { return m.deviation <= 1e-12 * std::abs(m.mean); }

void test(Difference& d) {
  const Moments m = moments(d.by_seed);
  const int n = d.seeds();
  if (n >= least_for_signed_rank(d.tests)) {
    d.test = Difference::Test::signed_rank;
    d.p = signed_rank(d.by_seed).p;
  } else if (!constant(m)) {
    d.test = Difference::Test::t;
    d.p = 2 * t_cdf(-std::abs(m.mean) * std::sqrt(static_cast<double>(n)) / m.deviation, n - 1);
  }
}

void correct(std::vector<Difference>& all) {
  std::vector<double> p;
  for (const Difference& d : all)
    if (d.test != Difference::Test::none) p.push_back(d.p);
  const std::vector<double> adjusted = holm(p);
  auto next = adjusted.begin();
  for (Difference& d : all)
    if (d.test != Difference::Test::none) d.adjusted = *next++;
}

}  // namespace

bool RunValue::counts() const { return ended == Ended::completed && std::isfinite(value); }

const RunValue* run_of(const Group& g, std::uint64_t seed) {
  for (const RunValue& r : g.runs)
    if (r.seed == seed && r.counts()) return &r;
  return nullptr;
}

std::vector<double> values_of(const Group& g) {
  std::vector<double> values;
  for (const RunValue& r : g.runs)
    if (run_of(g, r.seed) == &r) values.push_back(r.value);
  return values;
}

std::optional<int> Difference::needed() const {
  const Moments m = moments(by_seed);
  return seeds() > 1 && !constant(m) ? needed_for(m.mean / m.deviation) : std::nullopt;
}

Difference Difference::flipped() const {
  Difference d = *this;
  std::swap(d.a, d.b);
  for (double& x : d.by_seed) x = -x;
  d.interval = {-interval.mean, -interval.high, -interval.low, interval.method};
  return d;
}

std::vector<Difference> differences(const std::vector<Group>& groups,
                                    const std::vector<std::pair<std::size_t, std::size_t>>& pairs) {
  std::vector<Difference> all;
  for (const auto& [a, b] : pairs) all.push_back({.a = a, .b = b, .by_seed = paired(groups[a], groups[b])});
  const auto tests = std::count_if(all.begin(), all.end(), [](const Difference& d) { return d.seeds() > 1; });
  for (Difference& d : all) {
    d.tests = static_cast<int>(tests);
    if (d.seeds() > 0) d.interval = interval_of_mean(d.by_seed);
    if (d.seeds() > 1) test(d);
  }
  correct(all);
  return all;
}

std::vector<std::pair<std::size_t, std::size_t>> all_pairs(std::size_t groups) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t a = 0; a < groups; ++a)
    for (std::size_t b = a + 1; b < groups; ++b) pairs.emplace_back(a, b);
  return pairs;
}

}  // namespace ebb::app::statistics
