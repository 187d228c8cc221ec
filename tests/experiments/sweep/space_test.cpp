#include <cmath>
#include <ebb/experiments/sweep/trial.hpp>
#include <ebb/ops/error.hpp>
#include <map>
#include <set>

#include "catch.hpp"
#include "message_of.hpp"

namespace space_test {

using namespace ebb::app::sweep;
using Words = std::vector<std::string>;

TEST_CASE("a grid has all combinations, the last axis varying fastest") {
  const auto grid = grid_of(parse_axes("cell=rnn,gru;lr=.1,.2,.3"));
  const std::vector<Words> expected{{"rnn", ".1"}, {"rnn", ".2"}, {"rnn", ".3"},
                                    {"gru", ".1"}, {"gru", ".2"}, {"gru", ".3"}};
  REQUIRE(grid.size() == expected.size());
  for (std::size_t k = 0; k < grid.size(); ++k) {
    CHECK(grid[k].values == expected[k]);
    CHECK(grid[k].number == static_cast<int>(k) + 1);
  }
  CHECK(text_of(parse_axes("cell=rnn,gru;lr=.1,.2,.3"), grid[3]) == "cell gru, lr .1");
  CHECK(test::contains(test::message_of<ebb::ValueError>([] { grid_of(parse_axes("lr=1:2:1000;clip=1:2:1000")); }),
                       "more than 100,000 configurations"));
}

TEST_CASE("random configurations repeat, differ by sample, and more of them begin with the same ones") {
  const auto axes = parse_axes("cell=rnn,lstm,gru;lr=1e-4:1e-2:log;dropout=0:.5");
  const auto few = random_of(axes, 5, 1), many = random_of(axes, 40, 1), others = random_of(axes, 5, 2);
  std::set<Words> seen;
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK(few[k].values == many[k].values);
    CHECK(few[k].values != others[k].values);
  }
  for (const Configuration& c : many) CHECK(seen.insert(c.values).second);
  CHECK(few[0].values == random_of(axes, 1, 1)[0].values);
}

TEST_CASE("what is drawn for an axis does not depend on the other axes") {
  const auto alone = random_of(parse_axes("lr=1e-4:1e-2:log"), 10, 1),
             with = random_of(parse_axes("clip=0:5;lr=1e-4:1e-2:log"), 10, 1);
  for (std::size_t k = 0; k < 10; ++k) CHECK(alone[k].values[0] == with[k].values[1]);
}

TEST_CASE("a logarithmic range is drawn uniformly in the logarithm, words equally often") {
  constexpr int n = 4000;
  const auto all = random_of(parse_axes("lr=1e-4:1e-2:log;cell=a,b,c,d"), n, 1);
  double sum = 0, squares = 0;
  std::map<std::string, int> counts;
  for (const Configuration& c : all) {
    const double share = std::log10(number_of(c.values[0]) / 1e-4) / 2;
    CHECK((share >= 0 && share <= 1));
    sum += share;
    squares += share * share;
    ++counts[c.values[1]];
  }
  const double mean = sum / n, variance = squares / n - mean * mean;
  CHECK(std::abs(mean - .5) < 4 * std::sqrt(1. / 12 / n));  // four standard errors
  CHECK(std::abs(variance - 1. / 12) < 4 * std::sqrt(1. / 180 / n));
  for (const auto& [word, count] : counts) CHECK(std::abs(count - n / 4.) < 4 * std::sqrt(n * .25 * .75));
}

TEST_CASE("random configurations that do not exist are not asked for") {
  CHECK(random_of(parse_axes("cell=rnn,gru;layers=1,2"), 4, 1).size() == 4);
  CHECK(
      test::contains(test::message_of<ebb::ValueError>([] { random_of(parse_axes("cell=rnn,gru;layers=1,2"), 5, 1); }),
                     "only about 4 different configurations"));
}

TEST_CASE("trials are named by number, values and seed, and all configurations of a seed come first") {
  const auto trials = trials_of(grid_of(parse_axes("cell=rnn:recurrent=orthogonal,gru;lr=1e-3,.01")), {4, 5});
  const Words expected{"001-rnn-recurrent-orthogonal-1e-3-seed-4", "002-rnn-recurrent-orthogonal-.01-seed-4",
                       "003-gru-1e-3-seed-4", "004-gru-.01-seed-4", "001-rnn-recurrent-orthogonal-1e-3-seed-5"};
  REQUIRE(trials.size() == 8);
  for (std::size_t k = 0; k < expected.size(); ++k) CHECK(trials[k].name == expected[k]);
  CHECK(trials[4].configuration == 0);
  CHECK(trials[4].seed == 5);
}

}  // namespace space_test
