#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <ebb/experiments/statistics/finding.hpp>
#include <ebb/experiments/statistics/signed_rank.hpp>

namespace ebb::app::statistics {
namespace {

std::string seeds_text(int n) { return fmt::format("{} {}", n, n == 1 ? "seed" : "seeds"); }

// Two significant digits of the half-width; four of the mean where there is none.
std::string rounded(double x, const Interval& i) {
  const double half = (i.high - i.low) / 2;
  if (!(half > 0)) return fmt::format("{:.4g}", x);
  const int decimals = 1 - static_cast<int>(std::floor(std::log10(half)));
  if (decimals > 6) return fmt::format("{:.3g}", x);
  const double unit = std::pow(10, decimals), whole = std::round(x * unit);
  return fmt::format("{:.{}f}", whole == 0 ? 0 : whole / unit, std::max(decimals, 0));  // no "-0"
}

std::string quoted(const std::string& name) {
  return name.find_first_of(" ,") == std::string::npos ? name : "“" + name + "”";
}

// "gru is below lstm by 0.016 nats"
std::string direction_text(const Difference& d, const std::vector<Group>& groups, const Quantity& q) {
  const std::string a = quoted(groups[d.a].name), b = quoted(groups[d.b].name);
  return fmt::format("{} is {} {} by {}", a, d.interval.mean < 0 ? "below" : "above", b, amount_text(d, q));
}

// The interval of how far a is above b, or below it.
Interval outward(const Difference& d) { return d.interval.mean < 0 ? d.flipped().interval : d.interval; }

// Of a pair alone below 6 seeds, the interval is the test.
std::string test_text(const Difference& d) {
  if (d.test == Difference::Test::none || (d.test == Difference::Test::t && d.tests == 1)) return {};
  return fmt::format("; {} p {}{}{}", d.test == Difference::Test::t ? "t test" : "Wilcoxon",
                     d.adjusted < .001 ? "" : "= ", p_text(d.adjusted),
                     d.tests > 1 ? fmt::format(", Holm over {} pairs", d.tests) : "");
}

std::string needed_text(const Difference& d) {
  if (d.test == Difference::Test::none || d.interval.mean == 0) return {};
  const std::optional<int> needed = d.needed();
  if (!needed) return "; more than 10,000 seeds would be needed to show the difference seen";
  return *needed > d.seeds() ? fmt::format("; about {} would show the difference seen", seeds_text(*needed)) : "";
}

std::string not_shown(const Difference& d, const std::vector<Group>& groups, const Quantity& q) {
  const std::string a = quoted(groups[d.a].name), b = quoted(groups[d.b].name);
  if (d.seeds() == 0) return fmt::format("{} and {} are not compared: no seed was completed by both.", a, b);
  const bool equal = std::all_of(d.by_seed.begin(), d.by_seed.end(), [](double x) { return x == 0; });
  if (equal) return fmt::format("{} and {} are equal with {}.", a, b, seeds_text(d.seeds()));
  const std::string what =
      fmt::format("No difference shown with {}: {}", seeds_text(d.seeds()), direction_text(d, groups, q));
  if (d.seeds() == 1) return what + "; a single seed has no interval.";
  if (d.test == Difference::Test::none) return what + " with each, so that its spread is not known.";
  const Interval i = outward(d);
  const char* const why = i.excludes(0) ? ", which decides" : "";
  return fmt::format("{} (95 % interval {}, {}{}{}){}.", what, interval_text(i), i.method == Method::t ? "t" : "BCa",
                     test_text(d), why, needed_text(d));
}

// The values of each group that decide which is best: of the seeds that all completed, apart from groups that completed
// none; if there are none, of each group's own seeds.
std::vector<std::vector<double>> deciding(const std::vector<Group>& groups) {
  std::vector<std::vector<double>> of_common(groups.size()), of_own;
  for (const Group& g : groups) of_own.push_back(values_of(g));
  const auto some = std::find_if(of_own.begin(), of_own.end(), [](const auto& values) { return !values.empty(); });
  if (some == of_own.end()) return of_own;
  const auto first = static_cast<std::size_t>(some - of_own.begin());
  for (const RunValue& r : groups[first].runs) {
    if (run_of(groups[first], r.seed) != &r) continue;
    std::vector<const RunValue*> runs;
    for (const Group& g : groups) runs.push_back(run_of(g, r.seed));
    bool common = true;
    for (std::size_t k = 0; k < groups.size(); ++k) common = common && (runs[k] || of_own[k].empty());
    for (std::size_t k = 0; common && k < groups.size(); ++k)
      if (runs[k]) of_common[k].push_back(runs[k]->value);
  }
  return of_common[first].empty() ? of_own : of_common;
}

std::optional<std::size_t> best_of(const std::vector<std::vector<double>>& values, bool rises) {
  std::optional<std::size_t> best;
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (values[k].empty()) continue;
    const double lead = best ? moments(values[k]).mean - moments(values[*best]).mean : 0;
    if (!best || (rises ? lead > 0 : lead < 0)) best = k;
  }
  return best;
}

// "gru has the lowest mean loss: 1.534 nats over 5 seeds."
std::string best_text(const std::string& name, const std::vector<double>& values, const Quantity& q) {
  return fmt::format("{} has the {} {}{}: {:.4g}{}{} over {}.", quoted(name), q.rises ? "highest" : "lowest",
                     values.size() > 1 ? "mean " : "", q.name, moments(values).mean, q.unit.empty() ? "" : " ", q.unit,
                     seeds_text(static_cast<int>(values.size())));
}

}  // namespace

std::string interval_text(const Interval& i) {
  return i.method == Method::none ? "" : fmt::format("{} to {}", rounded(i.low, i), rounded(i.high, i));
}

std::string amount_text(const Difference& d, const Quantity& q) {
  const std::string unit = q.unit == "%" ? "points" : q.unit;
  return rounded(std::abs(d.interval.mean), d.interval) + (unit.empty() ? "" : " " + unit);
}

std::string p_text(double p) {
  if (std::isnan(p)) return {};
  return p < .001 ? "< 0.001" : fmt::format("{:.2g}", p);
}

std::string sentence(const Difference& d, const std::vector<Group>& groups, const Quantity& q) {
  if (!d.shown()) return not_shown(d, groups, q);
  const Interval i = outward(d);
  return fmt::format("{} (95 % interval {}, {}, {}{}).", direction_text(d, groups, q), interval_text(i),
                     seeds_text(d.seeds()), i.method == Method::t ? "t" : "BCa", test_text(d));
}

std::string left_out_text(const std::vector<Group>& groups) {
  int all = 0, out = 0;
  std::array<int, 5> ended{};
  for (const Group& g : groups)
    for (const RunValue& r : g.runs) {
      ++all;
      if (r.counts()) continue;
      ++out;
      ++ended[static_cast<std::size_t>(r.ended)];
    }
  if (out == 0) return {};
  const char* const words[] = {"without a finite value", "stopped", "diverged", "failed", "not started"};
  std::string text = fmt::format("{} of {} runs {} left out:", out, all, out == 1 ? "is" : "are");
  const char* before = " ";
  for (const std::size_t k : {2u, 1u, 3u, 4u, 0u})
    if (ended[k] > 0) {
      text += fmt::format("{}{} {}", before, ended[k], words[k]);
      before = ", ";
    }
  return text + ".";
}

std::string method_text(const std::vector<Difference>& all) {
  const auto any = [&](auto has) { return std::any_of(all.begin(), all.end(), has); };
  if (!any([](const Difference& d) { return d.seeds() > 1; })) return {};
  const int tests = all.front().tests, least = least_for_signed_rank(tests);
  std::string text = "Differences are paired by seed; intervals of their means cover 95 %, ";
  const bool bca = any([](const Difference& d) { return d.interval.method == Method::bca; });
  text += bca ? "by a BCa bootstrap from 20 seeds on, by Student's t below." : "by Student's t.";
  if (any([](const Difference& d) { return d.test == Difference::Test::t; })) {
    text += fmt::format(" Wilcoxon's signed-rank test{} cannot reach 5 % with fewer than {} seeds, so ",
                        tests > 1 ? fmt::format(" of {} pairs", tests) : "", least);
    text += tests > 1 ? "the paired t test takes its place." : "the interval decides.";
  }
  if (tests > 1) text += fmt::format(" p-values are corrected by Holm for {} pairs.", tests);
  return text + " Numbers of seeds are those with which a paired t test of one pair at 5 % has a power of 80 %.";
}

Findings findings(const std::vector<Group>& groups, const Quantity& q,
                  const std::vector<std::pair<std::size_t, std::size_t>>& pairs) {
  const std::vector<std::vector<double>> values = deciding(groups);
  Findings f{.best = best_of(values, q.rises), .differences = differences(groups, pairs)};
  f.note = method_text(f.differences);
  if (groups.size() < 2) return f;
  if (f.best) {
    f.sentences.push_back(best_text(groups[*f.best].name, values[*f.best], q));
    for (const Difference& d : f.differences)
      if (d.a == *f.best || d.b == *f.best)
        f.sentences.push_back(sentence(d.a == *f.best ? d : d.flipped(), groups, q));
  }
  if (const std::string left_out = left_out_text(groups); !left_out.empty()) f.sentences.push_back(left_out);
  return f;
}

Findings findings(const std::vector<Group>& groups, const Quantity& q) {
  return findings(groups, q, all_pairs(groups.size()));
}

}  // namespace ebb::app::statistics
