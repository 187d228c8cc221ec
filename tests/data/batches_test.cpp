#include <algorithm>
#include <ebb/data/batches.hpp>
#include <ebb/data/padding.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>
#include <numeric>

#include "catch.hpp"

namespace batches_test {

using namespace ebb;

namespace {

using Ints = std::vector<int>;

Ints sorted(Ints v) {
  std::sort(v.begin(), v.end());
  return v;
}
Ints up_to(int n) {
  Ints v(static_cast<std::size_t>(n));
  std::iota(v.begin(), v.end(), 0);
  return v;
}
Ints random_lengths(int n) {
  const Tokens t = integers({n}, Key{5}, 1, 101);
  return {t.data(), t.data() + n};
}
Ints epoch_of(Batches& b, std::uint64_t seed, std::uint64_t epoch) {
  Ints all;
  for (int k = 0; k < b.per_epoch(); ++k)
    for (const int i : b.at({seed, epoch, k})) all.push_back(i);
  return all;
}

}  // namespace

TEST_CASE("The parts are disjoint and complete, have the requested sizes and depend on the seed only") {
  const Partition p = partition(1003, 7, {.valid = .1, .test = .25});
  CHECK(p.valid.size() == 100);
  CHECK(p.test.size() == 251);
  Ints all = p.train;
  all.insert(all.end(), p.valid.begin(), p.valid.end());
  all.insert(all.end(), p.test.begin(), p.test.end());
  CHECK(sorted(all) == up_to(1003));
  CHECK(partition(1003, 7, {.valid = .1, .test = .25}).test == p.test);
  CHECK(partition(1003, 8, {.valid = .1, .test = .25}).test != p.test);
  CHECK(partition(5, 1, {.valid = 0, .test = 0}).train == up_to(5));
  CHECK(partition(3, 1, {.valid = .5, .test = .5}).train.empty());
  CHECK(partition(0, 1).train.empty());
  CHECK_THROWS_AS(partition(5, 1, {.valid = .8, .test = .3}), ValueError);
  CHECK_THROWS_AS(partition(5, 1, {.valid = -.1}), ValueError);
}

TEST_CASE(
    "An epoch has every item once, epochs and seeds differ, and a position gives its batch whatever came before") {
  const Ints lengths = random_lengths(1003);
  Batches b(lengths, {.rows = 16, .pool = 8}), other(lengths, {.rows = 16, .pool = 8});
  CHECK(b.per_epoch() == 63);
  const Ints first = epoch_of(b, 1, 0);
  CHECK(sorted(first) == up_to(1003));
  CHECK(epoch_of(b, 1, 1) != first);
  CHECK(epoch_of(b, 2, 0) != first);
  DataPosition p{.seed = 1};
  for (int k = 0; k < 100; ++k) p = b.after(p);
  CHECK(p == DataPosition{1, 1, 37});
  CHECK(other.at(p) == b.at(p));
  CHECK_THROWS_AS(b.at({1, 0, 63}), ValueError);
}

TEST_CASE(
    "Batches of like length waste far less than batches as chance has them, and still come in no order of length") {
  const Ints lengths = random_lengths(4000);
  const auto padded = [&](int pool) {
    Batches b(lengths, {.rows = 32, .pool = pool});
    long slots = 0, before = 0;
    int rising = 0;
    for (int k = 0; k < b.per_epoch(); ++k) {
      int longest = 0;
      const Ints items = b.at({1, 0, k});
      for (const int i : items) longest = std::max(longest, lengths[static_cast<std::size_t>(i)]);
      slots += longest * static_cast<long>(items.size());
      rising += longest >= before;
      before = longest;
    }
    CHECK(rising < .7 * b.per_epoch());
    return static_cast<double>(slots) / std::accumulate(lengths.begin(), lengths.end(), 0.);
  };
  CHECK(padded(1) > 1.8);
  CHECK(padded(40) < 1.06);
}

TEST_CASE(
    "The incomplete last batch is dropped on request, with different items in each epoch; a part of the items can be "
    "batched") {
  const Ints lengths = random_lengths(100), some{5, 17, 3, 99, 40};
  Batches b(lengths, {.rows = 16, .drop_last = true});
  CHECK(b.per_epoch() == 6);
  CHECK(epoch_of(b, 1, 0).size() == 96);
  CHECK(sorted(epoch_of(b, 1, 0)) != sorted(epoch_of(b, 1, 1)));
  Batches part = Batches::of(some, lengths, {.rows = 2});
  CHECK(sorted(epoch_of(part, 3, 2)) == sorted(some));
  CHECK_THROWS_AS(Batches(Ints{}), ValueError);
  CHECK_THROWS_AS(Batches::of(Ints{100}, lengths), ValueError);
  CHECK_THROWS_AS(Batches(lengths, {.rows = 101, .drop_last = true}), ValueError);
  CHECK_THROWS_AS(Batches(lengths, {.rows = 0}), ValueError);
}

TEST_CASE("Padded sequences are one batch, time first, with their lengths") {
  const std::vector<Tokens> list{Tokens({2}, {1, 2}), Tokens({0}), Tokens({3}, {3, 4, 5})};
  const PaddedTokens p = pad_sequences(list, 9);
  REQUIRE(p.tokens.shape() == Shape{3, 3});
  CHECK(Ints(p.tokens.data(), p.tokens.data() + 9) == Ints{1, 9, 3, 2, 9, 4, 9, 9, 5});
  CHECK(Ints(p.lengths.data(), p.lengths.data() + 3) == Ints{2, 0, 3});
  const PaddedTokens q = pad_sequences(list, Ints{0});
  CHECK(q.tokens.shape() == Shape{2, 1});
  const std::vector<Array> arrays{Array::from({1, 2}, {1, 2}), Array::from({2, 2}, {3, 4, 5, 6})};
  const PaddedArrays a = pad_sequences(arrays);
  REQUIRE(a.values.shape() == Shape{2, 2, 2});
  const double wanted[] = {1, 2, 3, 4, 0, 0, 5, 6};
  for (int i = 0; i < 8; ++i) CHECK(a.values.at_flat(i) == wanted[i]);
  CHECK(a.lengths.at({0}) == 1);
  CHECK(pad_sequences(arrays, Ints{1, 1}).values.at({1, 1, 1}) == 6);
  CHECK_THROWS_AS(pad_sequences(std::vector<Tokens>{}), ValueError);
  CHECK_THROWS_AS(pad_sequences(std::vector<Tokens>{Tokens({0})}), ValueError);
  CHECK_THROWS_AS(pad_sequences(list, Ints{3}), ValueError);
  CHECK_THROWS_AS(pad_sequences(std::vector<Array>{arrays[0], Array::zeros({2, 3}, f32)}), ShapeError);
  CHECK_THROWS_AS(pad_sequences(std::vector<Array>{arrays[0], Array::zeros({2, 2}, f64)}), ShapeError);
  CHECK_THROWS_AS(pad_sequences(std::vector<Tokens>{Tokens({2, 2})}), ShapeError);
}

}  // namespace batches_test
