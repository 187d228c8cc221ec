#include <climits>
#include <cmath>
#include <ebb/ops/random.hpp>
#include "catch.hpp"

namespace random_range_test {

using namespace ebb;

/// Cases in which rounding, or an int, would leave the range. The positions are those of Key{1} at which it once did.
TEST_CASE("float32 values in [0, 1) never round to one") {
  for (std::uint64_t position : {38702312u, 56277717u, 87558399u}) {
    CHECK(static_cast<float>(Key{1}.uniform(position)) == 1.f);
    CHECK(uniform({1}, Key{1}, 0, 1, f32, position).item() == 1 - 0x1p-24);
  }
}

TEST_CASE("a range far from zero is half open in both types") {
  for (std::uint64_t position : {343569u, 444602u}) {
    CHECK(static_cast<float>(100 + Key{1}.uniform(position)) == 101.f);
    CHECK(uniform({1}, Key{1}, 100, 101, f32, position).item() == static_cast<double>(std::nextafter(101.f, 0.f)));
  }
  const Array wide = uniform({10'000}, Key{1}, 1e15, 1e15 + 1, f64);  // float64 values there are 1/8 apart
  double least = 2e15, most = 0;
  for (std::int64_t i = 0; i < wide.size(); ++i) {
    least = std::fmin(least, wide.at_flat(i));
    most = std::fmax(most, wide.at_flat(i));
  }
  CHECK(least == 1e15);
  CHECK(most == 1e15 + .875);
}

TEST_CASE("a lower bound that float32 rounds down is respected") {
  CHECK(static_cast<float>(.7 + .1 * Key{1}.uniform(3556424)) < .7);
  const double x = uniform({1}, Key{1}, .7, .8, f32, 3556424).item();
  CHECK(x >= .7);
  CHECK(x == static_cast<double>(std::nextafter(.7f, 1.f)));
}

TEST_CASE("values within the range are those of the stream") {
  const Array u = uniform({1000}, Key{5}, -2, 3, f32);
  for (int i = 0; i < 1000; ++i)
    CHECK(u.at_flat(i) ==
          static_cast<double>(static_cast<float>(-2 + 5 * Key{5}.uniform(static_cast<std::uint64_t>(i)))));
}

TEST_CASE("a range that contains at most one value of the type gives its lower end") {
  CHECK(uniform({4}, Key{1}, 2, 2, f64).at({3}) == 2);
  CHECK(uniform({4}, Key{1}, 1 + 1e-12, 1 + 2e-12, f32).at({3}) == 1);
}

TEST_CASE("a range whose width overflows float64 gives finite values") {
  const Array u = uniform({1000}, Key{1}, -1.5e308, 1.5e308, f64);
  double sum = 0;
  for (int i = 0; i < 1000; ++i) {
    CHECK(std::abs(u.at_flat(i)) <= 1.5e308);
    sum += u.at_flat(i) / 1.5e308;
  }
  CHECK(std::abs(sum / 1000) < .1);
}

TEST_CASE("integers stay in their range, however wide") {
  for (auto [low, high] :
       {std::pair{-INT_MAX, INT_MAX}, {INT_MIN, INT_MAX}, {-2'000'000'000, 1'000'000'000}, {0, INT_MAX}}) {
    const Tokens t = integers({2000}, Key{3}, low, high);
    double below = 0;
    for (std::int64_t i = 0; i < t.size(); ++i) {
      CHECK(t.data()[i] >= low);
      CHECK(t.data()[i] < high);
      below += t.data()[i] < (static_cast<double>(low) + high) / 2;
    }
    CHECK(below / 2000 == Approx(.5).margin(.05));
  }
  const Tokens narrow = integers({100}, Key{3}, -4, 9);
  for (int i = 0; i < 100; ++i) CHECK(narrow.data()[i] == -4 + Key{3}.below(13, static_cast<std::uint64_t>(i)));
}

}  // namespace random_range_test
