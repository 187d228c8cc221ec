#include <Random123/philox.h>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/reduce.hpp>
#include <set>
#include "catch.hpp"
#include "reference.hpp"

namespace random_test {

using namespace ebb;
using namespace reference;

TEST_CASE("bits are those of Philox 4x32-10, seed as key, stream and position as counter") {
  // Random123's published known answers, checked first for the library itself.
  const auto zero = r123::Philox4x32{}({{0, 0, 0, 0}}, {{0, 0}});
  CHECK(zero[0] == 0x6627e8d5);
  CHECK(zero[1] == 0xe169c58d);
  CHECK(zero[2] == 0xbc57ac4c);
  CHECK(zero[3] == 0x9b00dbd8);
  const auto ones = r123::Philox4x32{}({{~0u, ~0u, ~0u, ~0u}}, {{~0u, ~0u}});
  CHECK(ones[0] == 0x408f276d);
  CHECK(ones[1] == 0x41c83b0e);
  CHECK(ones[2] == 0xa20bc7c6);
  CHECK(ones[3] == 0x6d5451fd);
  CHECK(Key{0}.bits(0) == 0xe169c58d6627e8d5);
  CHECK(Key{0}.bits(1) == 0x9b00dbd8bc57ac4c);
  const Key k = Key{42}.at(7);
  const auto at = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto block = r123::Philox4x32{}({{1000, 0, at(k.stream()), at(k.stream() >> 32)}}, {{42, 0}});
  CHECK(k.bits(2000) == (block[0] | std::uint64_t{block[1]} << 32));
}

TEST_CASE("values are a function of key and position only") {
  const Key k = Key{3}.named("dropout").at(5);
  for (DType t : {f32, f64}) {
    const Array all = normal({8, 13}, k, 0, 1, t), rest = normal({3, 13}, k, 0, 1, t, 5 * 13);
    CHECK(same_bits(rest, all.range(5, 8)));
    const Array u = uniform({8, 13}, k, -1, 1, t), from_row = uniform({3, 13}, k, -1, 1, t, 5 * 13);
    CHECK(same_bits(from_row, u.range(5, 8)));
    CHECK(u.at({2, 3}) == Array::number(-1 + 2 * k.uniform(2 * 13 + 3), t).item());
    CHECK(all.at({2, 3}) == Array::number(k.normal(2 * 13 + 3), t).item());
  }
}

TEST_CASE("f32 values are the rounded f64 values") {
  CHECK(same_bits(normal({100}, Key{1}, 2, 3, f32), normal({100}, Key{1}, 2, 3, f64).to(f32)));
  CHECK(same_bits(uniform({100}, Key{1}, 2, 3, f32), uniform({100}, Key{1}, 2, 3, f64).to(f32)));
}

TEST_CASE("values do not depend on the number of threads") {
  const int before = threads();
  set_threads(1);
  const Array one = normal({50'000}, Key{1}, 0, 1);
  for (int n : {2, 3}) {
    set_threads(n);
    CHECK(same_bits(normal({50'000}, Key{1}, 0, 1), one));
  }
  set_threads(before);
}

TEST_CASE("streams of different keys, names and indices differ") {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    seen.insert(Key{seed}.bits(0));
    for (std::uint64_t i = 0; i < 10; ++i) {
      seen.insert(Key{seed}.at(i).bits(0));
      seen.insert(Key{seed}.named("a").at(i).bits(0));
      seen.insert(Key{seed}.at(i).named("a").bits(0));
      seen.insert(Key{seed}.at(i).at(i).bits(0));
    }
    seen.insert(Key{seed}.named("a").bits(0));
    seen.insert(Key{seed}.named("b").bits(0));
  }
  CHECK(seen.size() == 10 * (1 + 40 + 2));
}

TEST_CASE("moments are those of the distributions") {
  const int n = 200'000;
  const auto moment = [&](const Array& a, double centre, int power) {
    double sum = 0;
    for (int i = 0; i < n; ++i) sum += std::pow(a.at_flat(i) - centre, power);
    return sum / n;
  };
  const Array u = uniform({n}, Key{1}, 2, 4, f64), g = normal({n}, Key{2}, 1, 3, f64),
              b = bernoulli({n}, Key{3}, .3, f64);
  CHECK(moment(u, 0, 1) == Approx(3).margin(.01));
  CHECK(moment(u, 3, 2) == Approx(1. / 3).margin(.005));
  CHECK(moment(g, 0, 1) == Approx(1).margin(.03));
  CHECK(moment(g, 1, 2) == Approx(9).margin(.15));
  CHECK(moment(g, 1, 3) == Approx(0).margin(1.));
  CHECK(moment(g, 1, 4) == Approx(243).margin(9));
  CHECK(moment(b, 0, 1) == Approx(.3).margin(.005));
  double neighbours = 0;  // the two values of a Box-Muller pair must not be correlated
  for (int i = 0; i + 1 < n; i += 2) neighbours += (g.at_flat(i) - 1) * (g.at_flat(i + 1) - 1);
  CHECK(neighbours / (n / 2) == Approx(0).margin(.1));
}

TEST_CASE("integers fill their range evenly") {
  const Tokens t = integers({60'000}, Key{1}, -2, 4);
  int count[6] = {};
  for (std::int64_t i = 0; i < t.size(); ++i) {
    REQUIRE(t.data()[i] >= -2);
    REQUIRE(t.data()[i] < 4);
    ++count[t.data()[i] + 2];
  }
  for (int c : count) CHECK(std::abs(c - 10'000) < 400);
}

TEST_CASE("invalid distributions are rejected") {
  CHECK_THROWS_AS(bernoulli({3}, Key{1}, 1.5), ValueError);
  CHECK_THROWS_AS(bernoulli({3}, Key{1}, NAN), ValueError);
  CHECK_THROWS_AS(integers({3}, Key{1}, 4, 4), ValueError);
  CHECK_THROWS_AS(Key{1}.below(0, 0), ValueError);
}

}  // namespace random_test
