#include <algorithm>
#include <cmath>
#include <ebb/experiments/tasks/formal/groups.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <map>
#include <set>

#include "catch.hpp"
#include "goes_on.hpp"
#include "train_quick.hpp"

namespace group_test {

using namespace ebb;
using namespace ebb::app;

namespace {

int power_that_is_one(const GroupTable& g, int a) {
  int order = 1;
  for (int x = a; x != 0; x = g.product(x, a)) ++order;
  return order;
}

/// How many elements have each order: determines which of these groups it is.
std::map<int, int> orders_of(const GroupTable& g) {
  std::map<int, int> count;
  for (int a = 0; a < g.order; ++a) ++count[power_that_is_one(g, a)];
  return count;
}

/// The subgroup that the commutators generate.
std::set<int> derived(const GroupTable& g, const std::set<int>& of) {
  const auto inverse = [&](int a) {
    int x = 0;
    while (g.product(a, x) != 0) ++x;
    return x;
  };
  std::set<int> all{0};
  for (const int a : of)
    for (const int b : of) all.insert(g.product(g.product(inverse(a), inverse(b)), g.product(a, b)));
  for (std::size_t before = 0; before != all.size();) {
    before = all.size();
    const std::set<int> known = all;
    for (const int a : known)
      for (const int b : known) all.insert(g.product(a, b));
  }
  return all;
}

bool is_solvable(const GroupTable& g) {
  std::set<int> all;
  for (int a = 0; a < g.order; ++a) all.insert(a);
  for (std::size_t before = 0; before != all.size();) {
    before = all.size();
    all = derived(g, all);
  }
  return all.size() == 1;
}

}  // namespace

TEST_CASE("the tables are those of groups") {
  for (const char* name : {"z60", "a4xz5", "a5", "s5"}) {
    CAPTURE(name);
    const GroupTable g = group_named(name);
    CHECK(g.order == (name == std::string("s5") ? 120 : 60));
    for (int a = 0; a < g.order; ++a) {
      CHECK(g.product(0, a) == a);
      CHECK(g.product(a, 0) == a);
      std::set<int> row, column;
      for (int b = 0; b < g.order; ++b) {
        row.insert(g.product(a, b));
        column.insert(g.product(b, a));
        const int c = (7 * a + 11 * b + 3) % g.order;
        REQUIRE(g.product(g.product(a, b), c) == g.product(a, g.product(b, c)));
      }
      CHECK(row.size() == static_cast<std::size_t>(g.order));
      CHECK(column.size() == static_cast<std::size_t>(g.order));
    }
  }
}

TEST_CASE("they are Z60, A4 x Z5, A5 and S5: orders of elements, and whether they are solvable") {
  CHECK(orders_of(group_named("a5")) == std::map<int, int>{{1, 1}, {2, 15}, {3, 20}, {5, 24}});
  CHECK(orders_of(group_named("s5")) == std::map<int, int>{{1, 1}, {2, 25}, {3, 20}, {4, 30}, {5, 24}, {6, 20}});
  CHECK(orders_of(group_named("a4xz5")) == std::map<int, int>{{1, 1}, {2, 3}, {3, 8}, {5, 4}, {10, 12}, {15, 32}});
  CHECK(orders_of(group_named("z60"))[60] == 16);  // Euler's function
  for (const char* name : {"z60", "a4xz5"}) CHECK(is_solvable(group_named(name)));
  for (const char* name : {"a5", "s5"}) CHECK_FALSE(is_solvable(group_named(name)));
}

TEST_CASE("group asks at each step for the product of all elements so far, which is uniform") {
  for (const char* name : {"z60", "a4xz5", "a5", "s5"}) {
    CAPTURE(name);
    const auto task = make_task("group", {.own = {{"group", name}}});
    const GroupTable g = group_named(name);
    const int T = 12, B = 1000;
    const SimpleBatch b = task->batch({.length = T, .rows = B, .number = 1, .seed = 4}).get<SimpleBatch>();
    const Tokens &x = std::get<Tokens>(b.inputs), &y = std::get<EveryStep>(b.targets).tokens;
    REQUIRE(b.steps() == T);  // of training too
    std::vector<double> count(static_cast<std::size_t>(g.order), 0);
    for (int row = 0; row < B; ++row) {
      int product = 0;
      for (int t = 0; t < T; ++t) {
        product = g.product(product, x.at({t, row}));
        REQUIRE(y.at({t, row}) == product);
        count[static_cast<std::size_t>(product)] += 1;
      }
    }
    double squares = 0;  // chi squared, whose mean is order - 1
    for (const double n : count) squares += std::pow(n - double(T) * B / g.order, 2) / (double(T) * B / g.order);
    CHECK(squares < g.order - 1 + 5 * std::sqrt(2. * g.order));
    CHECK(task->info().baseline == Approx(std::log(g.order)));
  }
}

TEST_CASE("a GRU learns the products of Z60, and the task resumes to the bit", "[science]") {
  goes_on("group", "gru", {.hidden = 4, .length = 5, .batch = 4, .steps = 4, .lr = .01}, {2},
          {.own = {{"group", "s5"}}});
  const TempFolder folder;
  const auto run = train_quick("group", folder, {"--cell", "gru", "--group", "z60", "--test-lengths", "5,10"});
  CHECK(run["measures"]["accuracy"]["baseline"].get<double>() == Approx(100. / 60));
  CHECK(run["measures"]["accuracy"]["value"].get<double>() > 60);
  CHECK(run["lengths"]["10"]["baseline"].get<double>() == Approx(100. / 60));
}

}  // namespace group_test
