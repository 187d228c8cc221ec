#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include "catch.hpp"
#include "reference.hpp"

namespace index_test {

using namespace ebb;
using namespace reference;

namespace {

Array count_up(const Shape& s, DType t = f64) {
  Array a = Array::empty(s, t);
  for (std::int64_t i = 0; i < a.size(); ++i) a.set_flat(i, static_cast<double>(i));
  return a;
}

}  // namespace

TEST_CASE("transpose moves every element with its axes") {
  const Array x = count_up({2, 3, 4, 5});
  for (const Array& in : {x, as_view(x)}) {
    const Array y = transpose(in, {2, 0, 3, 1});
    REQUIRE(y.shape() == Shape{4, 2, 5, 3});
    for (int a = 0; a < 2; ++a)
      for (int b = 0; b < 3; ++b)
        for (int c = 0; c < 4; ++c)
          for (int d = 0; d < 5; ++d) CHECK(y.at({c, a, d, b}) == x.at({a, b, c, d}));
  }
  const Array m = numbers({37, 50}, f32, 1);
  CHECK(same_bits(transpose(transpose(m)), m));
  CHECK(transpose(as_view(m)).at({49, 36}) == m.at({36, 49}));
  CHECK_THROWS_AS(transpose(x, {0, 1, 2, 2}), ShapeError);
  CHECK_THROWS_AS(transpose(x, {0, 1}), ShapeError);
  CHECK_THROWS_AS(transpose(Array::zeros({3}, f32)), ShapeError);
}

TEST_CASE("slices of the first and last axis are views, others are copies, all with the right elements") {
  const Array x = count_up({4, 5, 6});
  for (const Array& in : {x, as_view(x)})
    for (int axis = 0; axis < 3; ++axis) {
      const Array y = slice(in, axis, 1, 3);
      REQUIRE(y.shape() == x.shape().with(axis, 2));
      for (int i = 0; i < y.dim(0); ++i)
        for (int j = 0; j < y.dim(1); ++j)
          for (int k = 0; k < y.dim(2); ++k)
            CHECK(y.at({i, j, k}) == x.at({i + (axis == 0), j + (axis == 1), k + (axis == 2)}));
    }
  CHECK_THROWS_AS(slice(x, 1, 2, 6), ShapeError);
  CHECK_THROWS_AS(slice(x, 1, 3, 2), ShapeError);
}

TEST_CASE("put_slice writes or adds, and concat uses it") {
  for (int axis = 0; axis < 4; ++axis) {
    const Array x = count_up({3, 4, 5, 6});
    const Array parts[] = {slice(x, axis, 0, 1), slice(x, axis, 1, 1), slice(x, axis, 1, 3)};
    const Array back = concat(parts, 3, axis);
    CHECK(same_bits(back, slice(x, axis, 0, 3).copy()));
    Array twice = x.copy();
    put_slice(twice, axis, 1, slice(x, axis, 1, 3), true);
    CHECK(same_bits(slice(twice, axis, 1, 3).copy(), (slice(x, axis, 1, 3) * 2.).copy()));
    CHECK(same_bits(slice(twice, axis, 0, 1).copy(), slice(x, axis, 0, 1).copy()));
  }
  Array x = Array::zeros({3, 4}, f32);
  CHECK_THROWS_AS(put_slice(x, 1, 3, Array::zeros({3, 2}, f32), false), ShapeError);
  CHECK_THROWS_AS(put_slice(x, 1, 0, Array::zeros({2, 2}, f32), false), ShapeError);
  CHECK_THROWS_AS(put_slice(x, 1, 0, Array::zeros({3, 2}, f64), false), ValueError);
}

TEST_CASE("stack makes a new axis anywhere") {
  const Array a = count_up({3, 4}), b = a + 100.;
  const Array parts[] = {a, b};
  for (int axis : {0, 1, 2, -1}) {
    const Array s = stack(parts, 2, axis);
    const int k = axis < 0 ? 2 : axis;
    REQUIRE(s.shape() == a.shape().inserted(k, 2));
    CHECK(same_bits(slice(s, k, 1, 2).copy().reshape({3, 4}), b));
  }
  const Array odd[] = {a, Array::zeros({3, 5}, f64)};
  CHECK_THROWS_AS(stack(odd, 2), ShapeError);
  CHECK_THROWS_AS(concat(odd, 2, 0), ShapeError);
}

TEST_CASE("flip and pad along any axis") {
  const Array x = count_up({3, 4, 5});
  for (int axis = 0; axis < 3; ++axis) {
    const Array f = flip(as_view(x), axis);
    CHECK(same_bits(slice(f, axis, 0, 1).copy(), slice(x, axis, x.dim(axis) - 1, x.dim(axis)).copy()));
    CHECK(same_bits(flip(f, axis), x));
    const Array p = pad(x, axis, 2, 1, -7);
    REQUIRE(p.dim(axis) == x.dim(axis) + 3);
    CHECK(same_bits(slice(p, axis, 2, 2 + x.dim(axis)).copy(), x));
    CHECK(p.at_flat(0) == -7);
    CHECK(p.at_flat(p.size() - 1) == -7);
  }
  CHECK_THROWS_AS(pad(x, 0, -1, 0), ShapeError);
}

TEST_CASE("gather reads rows of a table and scatter_add is its adjoint") {
  const Array table = numbers({7, 5}, f64, 1);
  const Tokens t({2, 3}, {0, 6, 3, 3, 1, 3});
  for (const Array& in : {table, as_view(table)}) {
    const Array rows = gather(in, t);
    REQUIRE(rows.shape() == Shape{2, 3, 5});
    CHECK(rows.at({0, 1, 4}) == table.at({6, 4}));
    const Array back = scatter_add(as_view(rows), t, 7);
    CHECK(distance(back[3], table[3] * 3.) < 1e-15);
    CHECK(back.at({2, 0}) == 0);
  }
  const Array cubes = numbers({4, 2, 3}, f32, 2);
  CHECK(same_bits(gather(cubes, Tokens({2}, {3, 0}))[0].copy(), cubes[3].copy()));
  CHECK(gather(Array::from({3}, {5, 6, 7}), Tokens({2}, {2, 0})).at({0}) == 7);
  CHECK_THROWS_WITH(gather(table, Tokens({2}, {1, 7})), "gather: token 7 at position 1 is outside [0, 7)");
  CHECK_THROWS_AS(scatter_add(table, t, 7), ShapeError);
  CHECK_THROWS_AS(scatter_add(gather(table, t), t, 6), ValueError);
}

TEST_CASE("one_hot, pick and unpick select one column per row") {
  const Tokens t({2, 2}, {0, 2, 1, 1});
  const Array h = one_hot(t, 3, f32), x = numbers({2, 2, 3}, f32, 1);
  CHECK(h.at({0, 1, 2}) == 1);
  CHECK(h.at({0, 1, 1}) == 0);
  for (const Array& in : {x, as_view(x)}) {
    const Array p = pick(in, t);
    CHECK(p.at({0, 1}) == x.at({0, 1, 2}));
    CHECK(distance(unpick(p, t, 3), x * h) == 0);
  }
  CHECK_THROWS_AS(one_hot(t, 2, f32), ValueError);
  CHECK_THROWS_AS(pick(x, Tokens({2}, {0, 0})), ShapeError);
}

}  // namespace index_test
