#include <algorithm>
#include <cmath>
#include <ebb/experiments/statistics/difference.hpp>
#include <ebb/ops/random.hpp>
#include <functional>

#include "catch.hpp"

/// Simulations with known means: how often an interval contains the mean, and how often a difference is shown that is
/// none. With N simulations the standard error of a coverage of .95 is .22 / sqrt(N).
namespace coverage_test {

using namespace ebb;
using namespace ebb::app::statistics;

namespace {

std::vector<double> normals(Key key, int n) {
  std::vector<double> x;
  for (int k = 0; k < n; ++k) x.push_back(key.normal(static_cast<std::uint64_t>(k)));
  return x;
}
// Of mean zero: the difference of two skewed values with different scales.
std::vector<double> skewed(Key key, int n) {
  std::vector<double> x;
  for (int k = 0; k < n; ++k) {
    const auto at = static_cast<std::uint64_t>(2 * k);
    x.push_back(-std::log(1 - key.uniform(at)) - 1 - .3 * (-std::log(1 - key.uniform(at + 1)) - 1));
  }
  return x;
}

double coverage(int simulations, const std::function<std::vector<double>(Key)>& draw,
                const std::function<Interval(const std::vector<double>&)>& interval) {
  int covered = 0;
  for (int k = 0; k < simulations; ++k)
    covered += !interval(draw(Key{16}.named("coverage").at(static_cast<std::uint64_t>(k)))).excludes(0);
  return static_cast<double>(covered) / simulations;
}

std::vector<Group> groups_without_difference(Key key, int groups, int seeds) {
  std::vector<Group> all;
  for (int g = 0; g < groups; ++g) {
    all.push_back({std::string(1, static_cast<char>('a' + g)), {}});
    const std::vector<double> x = normals(key.at(static_cast<std::uint64_t>(g)), seeds);
    for (int k = 0; k < seeds; ++k)
      all.back().runs.push_back({static_cast<std::uint64_t>(k), x[static_cast<std::size_t>(k)]});
  }
  return all;
}

double falsely_shown(int simulations, int groups, int seeds, bool (*shown)(const Difference&)) {
  int wrong = 0;
  for (int k = 0; k < simulations; ++k) {
    bool any = false;
    const Key key = Key{17}.named("no difference").at(static_cast<std::uint64_t>(k));
    for (const Difference& d :
         differences(groups_without_difference(key, groups, seeds), all_pairs(static_cast<std::size_t>(groups))))
      any = any || shown(d);
    wrong += any;
  }
  return static_cast<double>(wrong) / simulations;
}

}  // namespace

TEST_CASE("the t interval of 5 values covers their mean in 95 % of cases, the percentile bootstrap in 84 %") {
  const auto five = [](Key key) { return normals(key, 5); };
  CHECK(coverage(8000, five, interval_of_mean) == Approx(.95).margin(.0075));
  const double percentile = coverage(2000, five, [](const std::vector<double>& x) {
    std::vector<double> means = resampled_means(x, 400);
    std::sort(means.begin(), means.end());
    return Interval{0, means[9], means[389], Method::none};
  });
  CHECK(percentile == Approx(.84).margin(.025));
}

TEST_CASE("the BCa interval of 20 and 40 values covers their mean in 95 % of cases", "[slow]") {
  const auto bca = [](const std::vector<double>& x) { return bca_interval(x, .95, 999); };
  CHECK(coverage(3000, [](Key key) { return normals(key, 20); }, bca) == Approx(.95).margin(.0125));
  CHECK(coverage(2000, [](Key key) { return normals(key, 40); }, bca) == Approx(.95).margin(.015));
  CHECK(coverage(2000, [](Key key) { return skewed(key, 40); }, bca) == Approx(.95).margin(.025));
  // Without wider tails, it covers less.
  const auto narrow = [](const std::vector<double>& x) { return bca_of_means(x, resampled_means(x, 999), .025); };
  CHECK(coverage(3000, [](Key key) { return normals(key, 20); }, narrow) == Approx(.93).margin(.0125));
}

TEST_CASE("a difference that is none is shown in at most 5 % of comparisons, of one pair or of ten") {
  const auto shown = [](const Difference& d) { return d.shown(); };
  CHECK(falsely_shown(1500, 2, 5, shown) == Approx(.05).margin(.02));
  for (const auto& [groups, seeds] : {std::pair{5, 3}, {5, 8}, {5, 9}, {3, 8}}) {
    INFO(groups << " groups, " << seeds << " seeds");
    CHECK(falsely_shown(600, groups, seeds, shown) < .07);
  }
}

TEST_CASE("without correction, a third of the comparisons of ten pairs have an interval without zero") {
  const auto excludes = [](const Difference& d) { return d.interval.excludes(0); };
  CHECK(falsely_shown(1500, 5, 5, excludes) == Approx(.33).margin(.04));
}

}  // namespace coverage_test
