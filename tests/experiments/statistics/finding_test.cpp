#include <cmath>
#include <ebb/experiments/statistics/finding.hpp>
#include <ebb/experiments/statistics/signed_rank.hpp>

#include "catch.hpp"

namespace finding_test {

using namespace ebb::app::statistics;
using Catch::Matchers::Contains;

namespace {

const Quantity loss{"loss", "nats", false}, accuracy{"accuracy", "%", true};

Group group(const std::string& name, const std::vector<double>& values) {
  Group g{name, {}};
  for (std::size_t k = 0; k < values.size(); ++k) g.runs.push_back({k + 1, values[k]});
  return g;
}

std::string sentence_of(const Group& a, const Group& b, const Quantity& q = loss) {
  return sentence(differences({a, b}, all_pairs(2)).front(), {a, b}, q);
}

std::vector<double> moved(std::vector<double> x, const std::vector<double>& by) {
  for (std::size_t k = 0; k < x.size(); ++k) x[k] += by[k];
  return x;
}

const std::vector<double> five{1.53, 1.54, 1.52, 1.55, 1.53};

}  // namespace

TEST_CASE("a difference that is shown is stated with its interval, seeds and method") {
  // differences .01, .02, .016, .03, .004: mean .016, standard error .004427, t(4, .975) = 2.776
  const Group gru = group("gru", five), lstm = group("lstm", moved(five, {.01, .02, .016, .03, .004}));
  CHECK(sentence_of(gru, lstm) == "gru is below lstm by 0.016 nats (95 % interval 0.004 to 0.028, 5 seeds, t).");
  CHECK(sentence_of(lstm, gru) == "lstm is above gru by 0.016 nats (95 % interval 0.004 to 0.028, 5 seeds, t).");
  CHECK_THAT(sentence_of(gru, lstm, accuracy), Contains("by 0.016 points ("));
}

TEST_CASE("a difference that is not shown says how many seeds would show it") {
  const std::vector<double> three{1.5, 1.6, 1.7};
  const Group gru = group("gru", three), lstm = group("lstm", moved(three, {.03, -.004, .022}));
  // mean .016, deviation .0178, effect .9
  CHECK(sentence_of(gru, lstm) ==
        "No difference shown with 3 seeds: gru is below lstm by 0.016 nats (95 % interval -0.028 to 0.060, t); about "
        "12 seeds would show the difference seen.");
  CHECK_THAT(sentence_of(group("a", {1}), group("b", {2})),
             Contains("No difference shown with 1 seed: a is below b by 1 nats; a single seed has no interval."));
  CHECK_THAT(sentence_of(group("a", {1, 2}), group("b", {2, 3})), Contains("with each, so that its spread is not"));
  CHECK(sentence_of(group("a", {1, 2}), group("b", {1, 2})) == "a and b are equal with 2 seeds.");
  CHECK_THAT(sentence_of(group("a", {0, 0, 0, 0}), group("b", {1, -1, 1.02, -1})),
             Contains("more than 10,000 seeds would be needed"));
}

TEST_CASE("Wilcoxon's test is made from the number of seeds with which it can reach 5 %") {
  CHECK(least_for_signed_rank(1) == 6);
  CHECK(least_for_signed_rank(3) == 7);
  CHECK(least_for_signed_rank(10) == 9);
  const Group a = group("a", {1, 2, 3, 4, 5, 6}), b = group("b", {1.1, 2.2, 3.15, 4.12, 5.18, 6.14});
  CHECK_THAT(sentence_of(a, b), Contains("6 seeds, t; Wilcoxon p = 0.031)."));
  const Group c = group("c", {1, 2, 3, 4, 5}), d = group("d", {1.1, 2.2, 3.15, 4.12, 5.18});
  const std::vector<Difference> five = differences({c, d}, all_pairs(2));
  CHECK(five.front().test == Difference::Test::t);
  CHECK_THAT(method_text(five), Contains("cannot reach 5 % with fewer than 6 seeds, so the interval decides"));
}

TEST_CASE("several pairs are corrected by Holm, and an interval alone does not show a difference") {
  const Group a = group("a", {1, 2, 3, 4}), b = group("b", {1.2, 2.4, 3.3, 4.35}), c = group("c", {1.1, 2.2, 2.9, 4.1});
  const Findings f = findings({a, b, c}, loss);
  REQUIRE(f.differences.size() == 3);
  std::vector<double> p;
  for (const Difference& d : f.differences) {
    CHECK(d.tests == 3);
    p.push_back(d.p);
  }
  const std::vector<double> adjusted = holm(p);
  for (std::size_t k = 0; k < 3; ++k) CHECK(f.differences[k].adjusted == adjusted[k]);
  CHECK(f.sentences.front() == "a has the lowest mean loss: 2.5 nats over 4 seeds.");
  CHECK_THAT(f.sentences[1], Contains("; t test p = ") && Contains(", Holm over 3 pairs"));
  CHECK_THAT(f.note, Contains("Wilcoxon's signed-rank test of 3 pairs cannot reach 5 % with fewer than 7 seeds"));
  const Difference& b_c = f.differences[2];
  CHECK((b_c.interval.excludes(0) && b_c.p < .05 && b_c.adjusted > .05));
  CHECK_THAT(sentence(b_c, {a, b, c}, loss), Contains("No difference shown") && Contains("3 pairs, which decides"));
}

TEST_CASE("runs are paired by seed; stopped and diverged ones are left out and counted") {
  Group a{"a", {{1, 10}, {2, 20}, {3, 30}, {4, 40}}}, b{"b", {{4, 41}, {3, 33}, {2, 22}, {1, 11}}};
  CHECK(differences({a, b}, all_pairs(2)).front().by_seed == std::vector<double>{-1, -2, -3, -1});
  a.runs[1].ended = Ended::diverged;
  b.runs[1].ended = Ended::stopped;
  b.runs[0].value = NAN;
  const Findings f = findings({a, b}, loss);
  CHECK(f.differences.front().by_seed == std::vector<double>{-1});
  CHECK(f.sentences.back() == "3 of 8 runs are left out: 1 diverged, 1 stopped, 1 without a finite value.");
  CHECK(f.sentences.front() == "a has the lowest loss: 10 nats over 1 seed.");  // of the seed that both completed
  a.runs = {{1, 0, Ended::not_started}};
  CHECK_THAT(sentence_of(a, b), Contains("a and b are not compared: no seed was completed by both."));
  CHECK(findings({a}, loss).sentences.empty());
  CHECK_FALSE(findings({a}, loss).best);
}

TEST_CASE("from 20 seeds on the interval is a bootstrap interval, which is the same every time") {
  std::vector<double> x, y;
  for (int k = 0; k < 20; ++k) {
    x.push_back(k);
    y.push_back(k + .5 + .02 * (k * k % 7));
  }
  const std::string one = sentence_of(group("a", x), group("b", y));
  CHECK_THAT(one, Contains("20 seeds, BCa; Wilcoxon p < 0.001"));
  CHECK(one == sentence_of(group("a", x), group("b", y)));
  CHECK(interval_of_mean(std::vector<double>(20, 3.0)).low == 3);
}

}  // namespace finding_test
