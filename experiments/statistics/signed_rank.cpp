#include <algorithm>
#include <cmath>
#include <ebb/experiments/statistics/distributions.hpp>
#include <ebb/experiments/statistics/signed_rank.hpp>
#include <numeric>

namespace ebb::app::statistics {
namespace {

constexpr std::size_t most_for_exact = 50, most_for_exact_with_ties = 13;

// Differences that are not zero, by increasing |d|, with twice their ranks, which are whole numbers also for ties.
struct Ranked {
  std::vector<double> values{};
  std::vector<int> twice_rank{};
  double ties = 0;  // sum of t^3 - t
};

Ranked ranked(const std::vector<double>& differences) {
  Ranked r;
  for (const double d : differences)
    if (d != 0) r.values.push_back(d);
  std::sort(r.values.begin(), r.values.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  for (std::size_t begin = 0, end = 0; begin < r.values.size(); begin = end) {
    while (end < r.values.size() && std::abs(r.values[end]) == std::abs(r.values[begin])) ++end;
    const auto t = static_cast<double>(end - begin);
    r.ties += t * t * t - t;
    r.twice_rank.insert(r.twice_rank.end(), end - begin, static_cast<int>(begin + end + 1));
  }
  return r;
}

// The chance, over all signs, of a sum of ranks as far from its mean as this one, on either side.
double exact_p(const std::vector<int>& twice_rank, int twice_sum) {
  const auto all = static_cast<std::size_t>(std::accumulate(twice_rank.begin(), twice_rank.end(), 0));
  std::vector<double> chance(all + 1);  // of each sum
  chance[0] = 1;
  std::size_t most = 0;
  for (const int rank : twice_rank) {
    const auto r = static_cast<std::size_t>(rank);
    most += r;
    for (std::size_t s = most + 1; s-- > 0;) chance[s] = .5 * (chance[s] + (s >= r ? chance[s - r] : 0));
  }
  const auto at = chance.begin() + twice_sum;
  const double below = std::accumulate(chance.begin(), at + 1, 0.0), above = std::accumulate(at, chance.end(), 0.0);
  return std::min(1.0, 2 * std::min(below, above));
}

double normal_p(double n, double sum, double ties) {
  const double mean = n * (n + 1) / 4, variance = (n * (n + 1) * (2 * n + 1) - ties / 2) / 24;
  return 2 * normal_cdf(-std::abs(sum - mean) / std::sqrt(variance));
}

}  // namespace

SignedRank signed_rank(const std::vector<double>& differences) {
  const Ranked r = ranked(differences);
  if (r.values.empty()) return {0, 1, true};
  int plus = 0, all = 0;
  for (std::size_t k = 0; k < r.values.size(); ++k) {
    all += r.twice_rank[k];
    if (r.values[k] > 0) plus += r.twice_rank[k];
  }
  const bool plain = r.ties == 0 && r.values.size() == differences.size();
  const bool exact = differences.size() <= (plain ? most_for_exact : most_for_exact_with_ties);
  const double n = static_cast<double>(r.values.size());
  return {.5 * std::min(plus, all - plus), exact ? exact_p(r.twice_rank, plus) : normal_p(n, .5 * plus, r.ties), exact};
}

int least_for_signed_rank(int tests) {
  int n = 1;
  while (2.0 * tests * std::ldexp(1, -n) >= .05) ++n;
  return n;
}

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size());
  double most = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    most = std::max(most, std::min(1.0, static_cast<double>(p.size() - k) * p[order[k]]));
    adjusted[order[k]] = most;
  }
  return adjusted;
}

}  // namespace ebb::app::statistics
