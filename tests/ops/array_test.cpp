#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/reduce.hpp>
#include "catch.hpp"
#include "message_of.hpp"
#include "reference.hpp"

namespace array_test {

using namespace ebb;
using namespace reference;

TEST_CASE("shapes report their extents, and invalid ones are rejected") {
  const Shape s{2, 3, 4};
  CHECK(s.size() == 24);
  CHECK(s.rows() == 6);
  CHECK(s.columns() == 4);
  CHECK(s[-1] == 4);
  CHECK(Shape{}.size() == 1);
  CHECK(s.without(1) == Shape{2, 4});
  CHECK(s.inserted(-1, 7) == Shape{2, 3, 4, 7});
  CHECK(s.inserted(0, 7) == Shape{7, 2, 3, 4});
  CHECK(s.with(-2, 9) == Shape{2, 9, 4});
  CHECK_THROWS_AS(s[3], ShapeError);
  CHECK_THROWS_AS((Shape{1, 2, 3, 4, 5}), ShapeError);
  CHECK_THROWS_AS((Shape{2, -3}), ShapeError);
  CHECK_THROWS_AS(Shape({2147483647, 2147483647, 2147483647}), ShapeError);
  CHECK_THROWS_AS(Array::zeros({2, -1}, f32), ShapeError);
}

TEST_CASE("copying an array shares its elements; copy() does not") {
  Array a = Array::from({3}, {1, 2, 3});
  Array b = a;
  CHECK(b.same_memory(a));
  CHECK_FALSE(a.unique());
  const Array c = a.copy();
  b.set_flat(0, 9);
  CHECK(a.at({0}) == 9);
  CHECK(c.at({0}) == 1);
  b = Array();
  CHECK(a.unique());
  CHECK_FALSE(Array());
}

TEST_CASE("ranges, entries and column blocks are views with the right elements") {
  const Array a = numbers({4, 5, 6}, f64, 1);
  const Array entry = a[2], range = a.range(1, 3), block = a.column_block(2, 5);
  CHECK(entry.shape() == Shape{5, 6});
  CHECK(entry.at({4, 5}) == a.at({2, 4, 5}));
  CHECK(range.at({1, 0, 0}) == a.at({2, 0, 0}));
  CHECK(block.at({3, 4, 2}) == a.at({3, 4, 4}));
  CHECK_FALSE(block.contiguous());
  CHECK(block[3].row_stride() == 6);
  CHECK(block[3][4].at({2}) == a.at({3, 4, 4}));
  CHECK(a[-1].at({0, 0}) == a.at({3, 0, 0}));
  CHECK_THROWS_AS(a[4], ShapeError);
  CHECK_THROWS_AS(a.range(2, 5), ShapeError);
  CHECK_THROWS_AS(a.column_block(3, 7), ShapeError);
  CHECK_THROWS_AS(Array::number(1, f32)[0], ShapeError);
}

TEST_CASE("reshape is a view where rows are not split, else a copy") {
  const Array a = numbers({4, 6}, f32, 1);
  CHECK(a.reshape({2, -1}).shape() == Shape{2, 12});
  CHECK(a.reshape({2, 12}).same_memory(a));
  const Array block = a.column_block(1, 4);
  CHECK(block.reshape({2, 2, 3}).same_memory(block));
  CHECK(block.reshape({2, 2, 3}).at({1, 1, 2}) == a.at({3, 3}));
  CHECK_FALSE(block.reshape({12}).same_memory(block));
  CHECK(block.reshape({12}).at({11}) == a.at({3, 3}));
  CHECK(same_bits(block.compact(), block.copy()));
  CHECK_THROWS_WITH(a.reshape({5, 5}), "reshape: [4, 6] does not fit [5, 5]");
  CHECK_THROWS_AS(a.reshape({-1, 5}), ShapeError);
  CHECK_THROWS_AS(a.reshape({-1, -1}), ShapeError);
}

TEST_CASE("elements are read only as their own type, and converted on request") {
  const Array a = Array::from({2}, {1.5, 2.5});
  CHECK(a.data<float>()[1] == 2.5f);
  CHECK_THROWS_WITH(a.data<double>(), "array: elements are float32, not float64");
  CHECK(a.to(f64).data<double>()[1] == 2.5);
  CHECK(a.to(f32).same_memory(a));
  CHECK(Array::number(.1, f64).to(f32).item() == static_cast<double>(.1f));
  CHECK_THROWS_AS(a.item(), ShapeError);
  CHECK_THROWS_AS(a.at({2}), ShapeError);
  CHECK_THROWS_AS(a.at({0, 0}), ShapeError);
  CHECK_THROWS_AS(Array::from({3}, {1, 2}), ShapeError);
}

TEST_CASE("assign and fill write only a view's own columns") {
  Array wide = Array::zeros({3, 6}, f32);
  Array block = wide.column_block(2, 4);
  block.fill(5);
  block.assign(Array::from({3, 2}, {1, 2, 3, 4, 5, 6}, f64));
  CHECK(wide.at({1, 2}) == 3);
  CHECK(wide.at({1, 1}) == 0);
  CHECK(wide.at({1, 4}) == 0);
  CHECK_THROWS_AS(block.assign(Array::zeros({2, 3}, f32)), ShapeError);
}

TEST_CASE("borrowed memory is never owned or unique") {
  double numbers[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  Array a = Array::borrowed(numbers, {2, 3}, 5, f64);
  CHECK(a.at({1, 2}) == 7);
  CHECK_FALSE(a.unique());
  a.set_flat(0, 42);
  CHECK(numbers[0] == 42);
  CHECK_THROWS_AS(Array::borrowed(numbers, {2, 3}, 2, f64), ShapeError);
}

TEST_CASE("tokens are reference-counted integers with views") {
  Tokens t({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tokens row = t[1], rest = t.range(1, 2), flat = t.reshape({-1});
  CHECK(row.at({2}) == 6);
  CHECK(rest.shape() == Shape{1, 3});
  CHECK(flat.at({3}) == 4);
  const Tokens copy = t.copy();
  t.data()[5] = 0;
  CHECK(row.at({2}) == 0);
  CHECK(copy.at({1, 2}) == 6);
  CHECK_THROWS_AS(t[2], ShapeError);
  CHECK_THROWS_AS(t.at({0, 3}), ShapeError);
  CHECK_THROWS_AS(Tokens({2}, {1}), ShapeError);
}

TEST_CASE("arrays are float32 by default") {
  CHECK(Array::zeros({2}).dtype() == f32);
  CHECK(Array::full({2}, 1).dtype() == f32);
  CHECK(Array::number(1).dtype() == f32);
  CHECK(Array::from({1}, {1}).dtype() == f32);
  CHECK(Array::zeros({2}, f64).dtype() == f64);
}

TEST_CASE("an empty array is rejected by every op") {
  const Array none, one = Array::full({2}, 1, f32);
  CHECK_THROWS_WITH(none * none, Catch::Matchers::Contains("an empty array was used"));
  CHECK_THROWS_WITH(one + none, Catch::Matchers::Contains("add: an empty array was used"));
  CHECK_THROWS_WITH(none * 2.0, Catch::Matchers::Contains("an empty array was used"));
  CHECK_THROWS_AS(ebb::exp(none), Error);
  CHECK_THROWS_AS(ebb::sum(none), Error);
  CHECK_THROWS_AS(ebb::matmul(one.reshape({1, 2}), none), Error);
  CHECK_THROWS_AS(none.copy(), Error);
  CHECK_THROWS_AS(none.at_flat(0), Error);
  CHECK_THROWS_AS(Array().set_flat(0, 1), Error);
  CHECK_THROWS_AS(Array().fill(1), Error);
  CHECK_THROWS_AS(none.data<float>(), Error);
  CHECK_FALSE(none);
}

TEST_CASE("an element that is not there is named with its index and the shape") {
  const auto message = [](auto f) { return test::message_of<ShapeError>(f); };
  const Array a = Array::zeros({5, 3, 4});
  CHECK(message([&] { a.at({5, 0, 1}); }) == "at: no element [5, 0, 1] in [5, 3, 4]");
  CHECK(message([&] { a.at({0, -1, 1}); }) == "at: no element [0, -1, 1] in [5, 3, 4]");
  CHECK(message([&] { a.at({1}); }) == "at: no element [1] in [5, 3, 4]");
  CHECK(message([&] { a.at({}); }) == "at: no element [] in [5, 3, 4]");
  CHECK(message([&] { Tokens({2, 2}).at({0, 2}); }) == "at: no element [0, 2] in [2, 2]");
}

}  // namespace array_test
