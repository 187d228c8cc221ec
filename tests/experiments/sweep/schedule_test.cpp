#include <cmath>
#include <ebb/experiments/sweep/plan.hpp>
#include <set>

#include "catch.hpp"

namespace schedule_test {

using namespace ebb::app::sweep;
using Sizes = std::vector<std::size_t>;
using Rungs = std::vector<int>;

namespace {

/// All legs that a schedule gives when one configuration is trained after the other.
std::vector<std::pair<std::size_t, int>> legs_of(Schedule& s, const std::vector<double>& scores) {
  std::vector<std::pair<std::size_t, int>> legs;
  while (const auto leg = s.next()) {
    legs.emplace_back(leg->configuration, leg->until);
    s.ended(*leg, scores[leg->configuration]);
  }
  return legs;
}

}  // namespace

TEST_CASE("all: every configuration with every seed, the first seed of all of them first") {
  const auto all = train_all(2, 2);
  CHECK(all->next() == Leg{0, to_the_end, 0});
  CHECK(all->next() == Leg{1, to_the_end, 0});
  CHECK(all->next() == Leg{0, to_the_end, 1});
  CHECK(all->next() == Leg{1, to_the_end, 1});
  CHECK(!all->next());
}

TEST_CASE("rungs of halving are multiples of the updates between validations") {
  // Hyperband's table 1 for eta = 3: 81 configurations, 1, 3, 9, 27, 81 of 81 units; the first ones would be without a
  // validation.
  CHECK(rungs_of(81, 2000, 3) == Rungs{100, 200, 700, to_the_end});
  CHECK(sizes_of(81, 4, 3) == Sizes{81, 27, 9, 3});
  CHECK(rungs_of(27, 1000, 3) == Rungs{50, 100, 350, to_the_end});
  CHECK(rungs_of(16, 1600, 2) == Rungs{80, 240, 400, 800, to_the_end});  // 100 and 200 are rounded to 80 and 240
  CHECK(sizes_of(16, 5, 2) == Sizes{16, 8, 4, 2, 1});
  CHECK(rungs_of(8, 1000, 3) == Rungs{350, to_the_end});
  CHECK(sizes_of(8, 2, 3) == Sizes{8, 2});
  CHECK(rungs_of(2, 1000, 3) == Rungs{to_the_end});
  CHECK(rungs_of(9, 9, 3) == Rungs{1, 3, to_the_end});
  CHECK(rungs_of(100, 1, 3) == Rungs{to_the_end});
}

TEST_CASE("halving continues the best third of each rung, once all have reached it") {
  const std::vector<double> scores{5, 1, NAN, 3, 2, 9, 8, 7, 6};
  const auto schedule = halving(9, {10, 30, to_the_end}, 3);
  const std::vector<std::pair<std::size_t, int>> expected{{0, 10}, {1, 10}, {2, 10},        {3, 10}, {4, 10},
                                                          {5, 10}, {6, 10}, {7, 10},        {8, 10}, {1, 30},
                                                          {4, 30}, {3, 30}, {1, to_the_end}};
  CHECK(legs_of(*schedule, scores) == expected);
}

TEST_CASE("halving waits for those that run, and its choice does not depend on which ends first") {
  const auto schedule = halving(3, {10, to_the_end}, 3);
  std::vector<Leg> legs;
  while (const auto leg = schedule->next()) legs.push_back(*leg);
  REQUIRE(legs.size() == 3);
  schedule->ended(legs[2], 1);
  schedule->ended(legs[0], 2);
  CHECK(!schedule->next());
  schedule->ended(legs[1], 1);
  CHECK(schedule->next() == Leg{1, to_the_end, {}});  // as good as 2, and before it
  CHECK(!schedule->next());
}

TEST_CASE("halving ends if no configuration has a validation") {
  const auto schedule = halving(4, {10, to_the_end}, 2);
  CHECK(legs_of(*schedule, {NAN, NAN, NAN, NAN}).size() == 6);
}

TEST_CASE("asynchronous halving continues a configuration as soon as it is among the best so far") {
  const auto schedule = asynchronous_halving(6, {10, to_the_end}, 3);
  const std::vector<std::pair<std::size_t, int>> expected{{0, 10}, {1, 10}, {2, 10}, {1, to_the_end},
                                                          {3, 10}, {4, 10}, {5, 10}, {5, to_the_end}};
  CHECK(legs_of(*schedule, {3, 1, 2, 4, 5, 0}) == expected);  // of the first three 1 is best, of all six 5 and 1
}

TEST_CASE("the work of a plan is that of its rungs") {
  Plan plan{.task = "adding", .configurations = std::vector<Configuration>(9), .seeds = {1, 2}, .steps = 90};
  CHECK(plan.updates() == 9 * 2 * 90);
  plan.rungs = {10, 30, to_the_end};
  CHECK(plan.updates() == 2 * (9 * 10 + 3 * 20 + 1 * 60));
}

}  // namespace schedule_test
