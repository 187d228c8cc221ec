#include <ebb/autograd/shards.hpp>
#include <ebb/nn/decoding/scheduled_sampling.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/ops/error.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace scheduled_sampling_test {

using namespace ebb;

TEST_CASE("The probability of gold tokens follows the paper's three schedules") {
  CHECK(gold_linear(0, .01) == 1);
  CHECK(gold_linear(25, .01) == Approx(.75));
  CHECK(gold_linear(1000, .01, 1, .2) == .2);
  CHECK(gold_exponential(0, .99) == 1);
  CHECK(gold_exponential(100, .99) == Approx(std::pow(.99, 100)));
  CHECK(gold_inverse_sigmoid(0, 10) == Approx(10. / 11));
  CHECK(gold_inverse_sigmoid(50, 10) == Approx(10 / (10 + std::exp(5.))));
  CHECK(gold_inverse_sigmoid(1'000'000, 1) == 0);
  CHECK_THROWS_AS(gold_linear(0, -1), ValueError);
  CHECK_THROWS_AS(gold_linear(0, .1, 1.5), ValueError);
  CHECK_THROWS_AS(gold_exponential(0, 1), ValueError);
  CHECK_THROWS_AS(gold_inverse_sigmoid(0, .5), ValueError);
}

TEST_CASE("choose takes gold where the coin is one, per step or per row") {
  const Tokens gold({3}, {1, 2, 3}), own({3}, {7, 8, 9});
  CHECK(choose(true, gold, own).at({1}) == 2);
  CHECK(choose(false, gold, own).at({1}) == 8);
  const Tokens mixed = choose(Array::from({3}, {1, 0, 1}), gold, own);
  CHECK((mixed.at({0}) == 1 && mixed.at({1}) == 8 && mixed.at({2}) == 3));
  CHECK(own.at({0}) == 7);  // the argument is unchanged
  CHECK_THROWS_AS(choose(true, gold, Tokens({2})), ShapeError);
  CHECK_THROWS_AS(choose(Array::zeros({2}, f32), gold, own), ShapeError);
}

TEST_CASE("A row's coins do not depend on its shard, and differ by step and update", "[shards]") {
  Params w;
  w.add("unused", Array::zeros({1}, f32));
  const int rows = 40;
  const auto coins = [&](int shards, std::uint64_t update) {
    return evaluate(w, {.rows = rows, .update = update, .seed = 5, .shards = shards}, [&](Shard& s) {
      const Array first = gold_coins(s.context().at_time(0), "gold", s.rows(), .5);
      const Array second = gold_coins(s.context().at_time(1), "gold", s.rows(), .5);
      s.out("first", constant(first));
      s.out("second", constant(second));
      return s.mean_rows(constant(first));
    });
  };
  const Result one = coins(1, 3);
  CHECK((one.loss > .2 && one.loss < .8));
  for (const int shards : {2, 7, 40}) {
    const Result r = coins(shards, 3);
    CHECK(test::same_bits(r.rows("first"), one.rows("first")));
    CHECK(test::same_bits(r.rows("second"), one.rows("second")));
  }
  CHECK_FALSE(test::same_bits(one.rows("first"), one.rows("second")));
  CHECK_FALSE(test::same_bits(one.rows("first"), coins(1, 4).rows("first")));
  Tape tape;
  CHECK_THROWS_AS(gold_coins(StepContext(), "gold", 3, 1.5), ValueError);
}

}  // namespace scheduled_sampling_test
