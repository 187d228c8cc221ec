#include <ebb/experiments/statistics/difference.hpp>
#include <ebb/experiments/statistics/distributions.hpp>
#include <ebb/experiments/statistics/power.hpp>
#include <ebb/experiments/statistics/signed_rank.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "catch.hpp"

namespace statistics_golden_test {

using namespace ebb::app::statistics;
using nlohmann::json;

namespace {

constexpr double tolerance = 1e-10;

const json& golden() {
  static const json all = json::parse(std::ifstream(EBB_SOURCE_DIR "/tests/goldens/statistics.json"));
  return all;
}
std::vector<double> numbers(const json& j) { return j.get<std::vector<double>>(); }
// To 1e-10 of the value, or absolutely where it is below one.
void check(double x, const json& expected) {
  CHECK(x == Approx(expected.get<double>()).epsilon(tolerance).margin(tolerance));
}

}  // namespace

TEST_CASE("the normal, Student's t and the noncentral t agree with scipy to 1e-10") {
  const json& d = golden()["distributions"];
  REQUIRE(d["noncentral_t"].size() == 72);
  for (const json& c : d["normal"]) {
    check(normal_cdf(c["x"]), c["p"]);
    check(normal_quantile(c["p"]), c["x"]);
  }
  for (const json& c : d["t"]) check(t_cdf(c["x"], c["degrees"]), c["p"]);
  for (const json& c : d["t_quantile"]) check(t_quantile(c["p"], c["degrees"]), c["x"]);
  for (const json& c : d["noncentral_t"]) {
    INFO(c.dump());
    check(noncentral_t_two_sided(c["x"], c["degrees"], c["noncentrality"]), c["p"]);
  }
}

TEST_CASE("the t interval of a mean and the paired t test agree with scipy to 1e-10") {
  REQUIRE(golden()["t"].size() == 5);
  for (const json& c : golden()["t"]) {
    const std::vector<double> x = numbers(c["x"]);
    const Interval i = interval_of_mean(x);
    CHECK(i.method == Method::t);
    check(i.mean, c["mean"]);
    check(i.low, c["low"]);
    check(i.high, c["high"]);
    if (x.size() >= 6) continue;  // whose test is Wilcoxon's
    Group a{"a", {}}, b{"b", {}};
    for (std::size_t k = 0; k < x.size(); ++k) {
      a.runs.push_back({k, x[k]});
      b.runs.push_back({k, 0});
    }
    const Difference d = differences({a, b}, all_pairs(2)).front();
    CHECK(d.test == Difference::Test::t);
    check(d.p, c["p"]);
  }
}

TEST_CASE("the BCa interval from given means of resamples agrees with scipy to 1e-10") {
  REQUIRE(golden()["bca"].size() == 6);
  for (const json& c : golden()["bca"]) {
    const Interval i = bca_of_means(numbers(c["x"]), numbers(c["means"]), c["tail"]);
    CHECK(i.method == Method::bca);
    check(i.low, c["low"]);
    check(i.high, c["high"]);
  }
}

TEST_CASE("Wilcoxon's signed-rank test agrees with scipy to 1e-10: exact, with ties and zeros, and approximated") {
  REQUIRE(golden()["signed_rank"].size() == 15);
  int exact = 0;
  for (const json& c : golden()["signed_rank"]) {
    INFO(c["name"]);
    const SignedRank r = signed_rank(numbers(c["d"]));
    check(r.statistic, c["statistic"]);
    check(r.p, c["p"]);
    exact += r.exact;
  }
  CHECK(exact == 10);
}

TEST_CASE("Holm's adjusted p-values agree with statsmodels to 1e-10") {
  REQUIRE(golden()["holm"].size() == 5);
  for (const json& c : golden()["holm"]) {
    const std::vector<double> adjusted = holm(numbers(c["p"]));
    REQUIRE(adjusted.size() == c["adjusted"].size());
    for (std::size_t k = 0; k < adjusted.size(); ++k) check(adjusted[k], c["adjusted"][k]);
  }
}

TEST_CASE("the power of a paired t test, and the number of seeds that it needs, agree with statsmodels") {
  const json& p = golden()["power"];
  REQUIRE(p["power"].size() == 20);
  for (const json& c : p["power"]) {
    INFO(c.dump());
    check(power_of_t(c["effect"], c["n"]), c["power"]);
    check(power_of_t(-c["effect"].get<double>(), c["n"]), c["power"]);
  }
  for (const json& c : p["needed"]) {
    INFO(c.dump());
    CHECK(needed_for(c["effect"]) == c["n"].get<int>());
  }
  CHECK_FALSE(needed_for(0));
  CHECK_FALSE(needed_for(1e-3));  // more than 10,000
}

}  // namespace statistics_golden_test
