#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/pointwise.hpp>
#include <ebb/ops/reduce.hpp>
#include "catch.hpp"
#include "reference.hpp"

namespace broadcast_test {

using namespace ebb;
using namespace reference;
using Catch::Matchers::Contains;

namespace {

/// The element of `a` that is broadcast to element i of a larger shape.
double broadcast_at(const Array& a, const Shape& s, std::int64_t i) {
  std::int64_t flat = 0, stride = 1;
  for (int k = 1; k <= s.rank(); ++k) {
    const std::int64_t at = i % s[-k];
    i /= s[-k];
    if (k > a.rank()) continue;
    if (a.shape()[-k] != 1) flat += at * stride;
    stride *= a.shape()[-k];
  }
  return a.at_flat(flat);
}

void check_subtraction(const Array& a, const Array& b) {
  const Shape s = broadcast(a.shape(), b.shape(), "sub");
  const Array y = a - b;
  REQUIRE(y.shape() == s);
  INFO(a.shape() << " - " << b.shape());
  bool same = true;
  for (std::int64_t i = 0; i < y.size(); ++i)
    same = same && y.at_flat(i) == broadcast_at(a, s, i) - broadcast_at(b, s, i);
  CHECK(same);
}

}  // namespace

TEST_CASE("shapes broadcast by NumPy's rules up to rank four, views included") {
  const Shape shapes[] = {{},           {1},          {5},          {1, 5},       {4, 1},      {4, 5},
                          {3, 1, 5},    {3, 4, 1},    {1, 4, 5},    {3, 1, 1},    {3, 4, 5},   {2, 1, 4, 5},
                          {2, 3, 1, 1}, {1, 3, 1, 5}, {2, 3, 4, 5}, {2, 1, 1, 5}, {2, 3, 4, 1}};
  std::uint64_t seed = 0;
  for (const Shape& s : shapes)
    for (const Shape& t : shapes) {
      const Array a = numbers(s, f64, ++seed), b = numbers(t, f64, ++seed);
      check_subtraction(a, b);
      check_subtraction(as_view(a), b);
      check_subtraction(a, as_view(b));
      check_subtraction(as_view(a), as_view(b));
    }
}

TEST_CASE("where broadcasts all three of its operands") {
  const Array c = Array::from({2, 1}, {1, 0}, f64), a = numbers({3}, f64, 1), b = numbers({2, 2, 1}, f64, 2);
  const Array y = where(c, a, b);
  REQUIRE(y.shape() == Shape{2, 2, 3});
  for (std::int64_t i = 0; i < y.size(); ++i)
    CHECK(y.at_flat(i) ==
          (broadcast_at(c, y.shape(), i) != 0 ? broadcast_at(a, y.shape(), i) : broadcast_at(b, y.shape(), i)));
}

TEST_CASE("shapes that do not broadcast are rejected, naming the op and all shapes") {
  CHECK_THROWS_AS(Array::zeros({3}, f32) + Array::zeros({4}, f32), ShapeError);
  CHECK_THROWS_WITH(Array::zeros({32, 3}, f32) * Array::zeros({4}, f32),
                    "mul: shapes [32, 3] and [4] do not broadcast");
  CHECK_THROWS_WITH(where(Array::zeros({2}, f32), Array::zeros({3}, f32), Array::zeros({1}, f32)),
                    "where: shapes [2], [3] and [1] do not broadcast");
}

TEST_CASE("element types do not mix") {
  CHECK_THROWS_AS(Array::zeros({3}, f32) + Array::zeros({3}, f64), ValueError);
  CHECK_THROWS_WITH(Array::zeros({3}, f32) / Array::zeros({3}, f64),
                    Contains("div") && Contains("float32") && Contains("float64"));
}

TEST_CASE("a result reuses the memory of an input only where requested and possible") {
  Array a = numbers({4, 6}, f32, 1), b = numbers({6}, f32, 2);
  const Array want = a + b;
  const Array in[] = {a, b};
  const Array kept = pointwise::value(pointwise::id<pointwise::Add>, in, 2);
  CHECK_FALSE(kept.same_memory(a));
  const Array taken = pointwise::value(pointwise::id<pointwise::Add>, in, 2, 0);
  CHECK(taken.same_memory(a));
  CHECK(same_bits(taken, want));
  const Array not_its_shape = pointwise::value(pointwise::id<pointwise::Add>, in, 2, 1);
  CHECK_FALSE(not_its_shape.same_memory(b));
}

TEST_CASE("sum_to reverses broadcast_to") {
  for (const Shape& s :
       {Shape{5}, Shape{1, 5}, Shape{4, 1}, Shape{1}, Shape{3, 1, 1}, Shape{1, 4, 1}, Shape{}, Shape{4, 5}}) {
    const Array x = numbers(s, f64, 3), wide = broadcast_to(x, {3, 4, 5});
    const double copies = 60. / static_cast<double>(x.size());
    CHECK(distance(sum_to(wide, s), x * copies) < 1e-14);
  }
  CHECK_THROWS_AS(sum_to(Array::zeros({3, 4}, f32), {3}), ShapeError);
  CHECK_THROWS_AS(broadcast_to(Array::zeros({3, 4}, f32), {4}), ShapeError);
}

TEST_CASE("empty arrays stay empty") {
  const Array a = Array::zeros({0, 3}, f32);
  CHECK((a + Array::zeros({3}, f32)).shape() == Shape{0, 3});
  CHECK(exp(a).size() == 0);
}

}  // namespace broadcast_test
