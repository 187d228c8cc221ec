#include <cmath>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/observe/bifurcations.hpp>
#include <ebb/observe/fixed_points.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>
#include <iomanip>
#include <limits>
#include <sstream>

#include "catch.hpp"

namespace bifurcations_test {

using namespace ebb;
using Catch::Matchers::Contains;

TEST_CASE("The saddle-nodes of Pascanu's unit at w = 5 are found by counting fixed points") {
  const Array starts = uniform({40, 1}, Key{1}, -6, 6, f64);
  const auto count = [&](double b) {
    std::ostringstream name;
    name << "saddle:w=5,b=" << std::setprecision(17) << b;
    Params w{{.dtype = f64}};
    const CellPtr cell = make_cell(name.str(), w / "cell", {1, 1});
    return static_cast<int>(fixed_points(*cell, Array::zeros({1}, f64), starts).points.size());
  };
  const Bifurcations r = bifurcations(count, -3, -2, {.pieces = 10});
  REQUIRE(r.found.size() == 2);
  // h = w sigmoid(h) + b and w sigmoid'(h) = 1: sigmoid(h) = (1 -+ sqrt(1 - 4 / w)) / 2
  for (const int side : {0, 1}) {
    const double s = (1 + (side ? -1 : 1) * std::sqrt(1 - 4. / 5)) / 2, exact = std::log(s / (1 - s)) - 5 * s;
    const Bifurcation& b = r.found[static_cast<std::size_t>(side)];
    CHECK(b.at() == Approx(exact).epsilon(0).margin(3e-6));
    CHECK(b.at() == Approx(side ? -2.34439 : -2.65561).epsilon(0).margin(1e-5));
    CHECK(b.below == (side ? 3 : 1));
    CHECK(b.above == (side ? 1 : 3));
    CHECK(b.high - b.low <= 1e-6);
  }
  CHECK(r.values.size() == 11);
  CHECK(r.points == std::vector<int>{1, 1, 1, 1, 3, 3, 3, 1, 1, 1, 1});
}

TEST_CASE("A bisection ends at neighbouring numbers, however small its tolerance") {
  const auto step = [](double x) { return x < 1.1 ? 0 : 2; };
  const Bifurcations r = bifurcations(step, 0, 2, {.pieces = 1, .tolerance = 1e-300});
  REQUIRE(r.found.size() == 1);
  CHECK(r.found[0].high == 1.1);
  CHECK(r.found[0].low == std::nextafter(1.1, 0));
  CHECK(bifurcations([](double) { return 3; }, 0, 1).found.empty());
}

TEST_CASE("Empty intervals are rejected") {
  const auto one = [](double) { return 1; };
  CHECK_THROWS_WITH(bifurcations(one, 1, 1), Contains("is empty or infinite"));
  CHECK_THROWS_WITH(bifurcations(one, 0, std::numeric_limits<double>::infinity()), Contains("is empty or infinite"));
  CHECK_THROWS_WITH(bifurcations(one, 0, 1, {.pieces = 0}), Contains("pieces must be at least 1"));
}

}  // namespace bifurcations_test
