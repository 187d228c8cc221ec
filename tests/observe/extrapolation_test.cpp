#include <cmath>
#include <ebb/observe/extrapolation.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>

#include "catch.hpp"

namespace extrapolation_test {

using namespace ebb;
using Catch::Matchers::Contains;

TEST_CASE("The limit of values on a line in 1 / N is exact, with no error") {
  std::vector<SizedValue> values;
  for (const double N : {100., 200., 400., 400.}) values.push_back({.size = N, .value = .25 - 3 / N});
  const SizeLimit r = limit_of_size(values);
  CHECK(r.limit.value == Approx(.25).epsilon(1e-13));
  CHECK(r.slope.value == Approx(-3).epsilon(1e-12));
  CHECK(r.limit.error < 1e-14);
  CHECK(r.residual < 1e-14);
}

TEST_CASE("The errors of a limit are those of values whose variance falls as 1 / N") {
  const int trials = 400, seeds = 3;
  double squares = 0, predicted = 0, slopes = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const Array noise = normal({3, seeds}, Key{1}.at(static_cast<std::uint64_t>(trial)), 0, 1, f64);
    std::vector<SizedValue> values;
    for (int k = 0; k < 3; ++k)
      for (int seed = 0; seed < seeds; ++seed) {
        const double N = 64 << k;
        values.push_back({.size = N, .value = .1 + 2 / N + .05 * noise.at({k, seed}) / std::sqrt(N)});
      }
    const SizeLimit r = limit_of_size(values);
    squares += std::pow(r.limit.value - .1, 2) / trials;
    predicted += r.limit.error * r.limit.error / trials;
    slopes += std::pow((r.slope.value - 2) / r.slope.error, 2) / trials;
  }
  CHECK(predicted == Approx(squares).epsilon(.25));  // the mean of 400 squares varies by 7 %
  CHECK(slopes > .9);                                // Student's t with 7 degrees of freedom has a variance of 1.4
  CHECK(slopes < 2);
}

TEST_CASE("Values that happen to lie on a line have the errors that they bring") {
  const int trials = 400;
  std::vector<SizedValue> values;
  for (const double N : {50., 100., 200.}) values.push_back({N, 1 + 5 / N, .3 / std::sqrt(N)});
  const SizeLimit r = limit_of_size(values);
  CHECK(r.residual < 1e-14);
  double limits = 0, slopes = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const Array noise = normal({3}, Key{2}.at(static_cast<std::uint64_t>(trial)), 0, 1, f64);
    std::vector<SizedValue> drawn = values;
    for (std::size_t k = 0; k < 3; ++k) drawn[k].value += drawn[k].error * noise.at_flat(static_cast<std::int64_t>(k));
    const SizeLimit d = limit_of_size(drawn);
    limits += std::pow(d.limit.value - 1, 2) / trials;
    slopes += std::pow(d.slope.value - 5, 2) / trials;
  }
  CHECK(r.limit.error == Approx(std::sqrt(limits)).epsilon(.12));
  CHECK(r.slope.error == Approx(std::sqrt(slopes)).epsilon(.12));
}

TEST_CASE("A limit needs three values of two sizes") {
  CHECK_THROWS_WITH(limit_of_size({{100, 1, 0}, {200, 2, 0}}), Contains("three values, not 2"));
  CHECK_THROWS_WITH(limit_of_size({{100, 1, 0}, {100, 2, 0}, {100, 3, 0}}), Contains("same size"));
  CHECK_THROWS_WITH(limit_of_size({{100, 1, 0}, {200, NAN, 0}, {300, 3, 0}}), Contains("size 200"));
  CHECK_THROWS_WITH(limit_of_size({{0, 1, 0}, {200, 1, 0}, {300, 3, 0}}), Contains("size 0"));
}

}  // namespace extrapolation_test
