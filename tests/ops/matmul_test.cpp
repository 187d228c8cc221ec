#include <algorithm>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/isa.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/parallel.hpp>
#include <utility>
#include "catch.hpp"
#include "reference.hpp"

namespace matmul_test {

using namespace ebb;
using namespace reference;

namespace {

constexpr Trans both[] = {Trans::no, Trans::yes};

/// Three loops, in long double.
Array by_hand(const Array& a, const Array& b, Trans ta, Trans tb) {
  const bool at = ta == Trans::yes, bt = tb == Trans::yes;
  const int m = at ? a.dim(1) : a.dim(0), k = at ? a.dim(0) : a.dim(1), n = bt ? b.dim(0) : b.dim(1);
  Array c = Array::empty({m, n}, f64);
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j) {
      long double sum = 0;
      for (int p = 0; p < k; ++p)
        sum += static_cast<long double>(at ? a.at({p, i}) : a.at({i, p})) * (bt ? b.at({j, p}) : b.at({p, j}));
      c.set_flat(i * n + j, static_cast<double>(sum));
    }
  return c;
}

double tolerance(DType t, int k) { return (t == f32 ? 6e-8 : 1.2e-16) * (4 + k); }

void check_product(int m, int k, int n, DType t, Trans ta, Trans tb, bool views) {
  const auto seed = static_cast<std::uint64_t>(m * 10007 + k * 101 + n);
  Array a = numbers(ta == Trans::yes ? Shape{k, m} : Shape{m, k}, t, seed);
  Array b = numbers(tb == Trans::yes ? Shape{n, k} : Shape{k, n}, t, seed + 1);
  Array start = numbers({m, n}, t, seed + 2);
  if (views) {
    a = as_view(a);
    b = as_view(b);
    start = as_view(start);
  }
  const Array want = by_hand(a, b, ta, tb), got = matmul(a, b, ta, tb);
  INFO(m << "x" << k << "x" << n << " " << name_of(t) << (ta == Trans::yes ? " a'" : "")
         << (tb == Trans::yes ? " b'" : "") << (views ? " views " : " ") << name_of(isa()));
  CHECK(distance(got, want) <= tolerance(t, k));
  const Array before = start.copy();
  matmul_into(start, a, b, ta, tb, true);
  CHECK(distance(start, want + before.to(f64)) <= tolerance(t, k));
}

}  // namespace

TEST_CASE("products agree with three loops for all transposes, strides and odd sizes") {
  const int sizes[][3] = {{1, 1, 1},    {1, 5, 7},     {2, 3, 17},   {3, 16, 33},   {5, 9, 64},
                          {12, 31, 40}, {13, 8, 129},  {16, 64, 48}, {17, 300, 20}, {25, 37, 31},
                          {7, 513, 5},  {260, 19, 35}, {1, 270, 260}};
  for (const auto& s : sizes)
    for (DType t : {f32, f64})
      for (Trans ta : both)
        for (Trans tb : both)
          for (bool views : {false, true}) check_product(s[0], s[1], s[2], t, ta, tb, views);
}

TEST_CASE("a product writes only within its output view") {
  for (int n : {1, 15, 16, 17, 31, 33}) {
    Array wide = Array::full({3, n + 4}, 7, f32);
    Array c = wide.column_block(2, n + 2);
    matmul_into(c, numbers({3, 6}, f32, 1), numbers({6, n}, f32, 2), Trans::no, Trans::no, false);
    for (int i = 0; i < 3; ++i)
      for (int j : {0, 1, n + 2, n + 3}) CHECK(wide.at({i, j}) == 7);
  }
}

TEST_CASE("a row of a product has the same bits at any position and for any number of rows") {
  for (DType t : {f32, f64})
    for (Trans tb : both)
      for (int n : {5, 40, 130}) {
        const Array a = numbers({61, 300}, t, 1), b = numbers(tb == Trans::yes ? Shape{n, 300} : Shape{300, n}, t, 2);
        const Array all = matmul(a, b, Trans::no, tb);
        for (int rows : {1, 2, 3, 5, 12, 16, 25}) {
          INFO(rows << " rows of " << n << " " << name_of(t));
          CHECK(same_bits(matmul(a.range(7, 7 + rows), b, Trans::no, tb), all.range(7, 7 + rows)));
        }
      }
}

TEST_CASE("a packed operand gives the bits of the plain one, for any number of rows and threads") {
  const int before = threads();
  for (DType t : {f32, f64})
    for (Trans tb : both)
      for (int n : {1, 16, 21, 32, 37, 48, 64, 80, 96, 130})
        for (int k : {1, 30, 300}) {
          const Array a = as_view(numbers({61, k}, t, 1)),
                      b = as_view(numbers(tb == Trans::yes ? Shape{n, k} : Shape{k, n}, t, 2));
          const Pack packed(b, tb);
          for (int rows : {1, 2, 3, 4, 7, 8, 16, 25, 61}) {
            Array plain = numbers({rows, n}, t, 3), c = as_view(plain);
            matmul_into(plain, a.range(0, rows), b, Trans::no, tb, rows % 2);
            matmul_into(c, a.range(0, rows), packed, rows % 2);
            INFO(rows << "x" << k << "x" << n << " " << name_of(t) << (tb == Trans::yes ? " b'" : ""));
            CHECK(same_bits(c, plain));
          }
        }
  const Array a = numbers({190, 300}, f32, 1);
  const Pack w(numbers({300, 170}, f32, 2), Trans::no);
  Array one = Array::zeros({190, 170}, f32), more = one.copy();
  set_threads(1);
  matmul_into(one, a, w, false);
  set_threads(3);
  matmul_into(more, a, w, false);
  set_threads(before);
  CHECK(same_bits(more, one));
  CHECK_THROWS_AS(matmul_into(one, numbers({190, 299}, f32, 1), w, false), ShapeError);
  CHECK_THROWS_AS(matmul_into(one, numbers({190, 300}, f64, 1), w, false), ValueError);
  CHECK_THROWS_AS(Pack(numbers({2, 3, 4}, f32, 1), Trans::no), ShapeError);
}

TEST_CASE("a pack is refilled in its memory, unless another handle shares it or the operand has another size") {
  const Array first = numbers({30, 17}, f32, 1), second = numbers({17, 30}, f32, 2);
  Pack w(first, Trans::no);
  const void* const memory = w.panels().raw();
  w.assign(second, Trans::yes);
  CHECK(w.panels().raw() == memory);
  CHECK(same_bits(w.panels(), Pack(second, Trans::yes).panels()));
  const Pack held = w;
  w.assign(first, Trans::no);
  CHECK(w.panels().raw() != memory);
  CHECK(same_bits(held.panels(), Pack(second, Trans::yes).panels()));
  w.assign(numbers({30, 170}, f64, 3), Trans::no);
  CHECK((w.inner() == 30 && w.columns() == 170 && w.panels().dtype() == f64));
}

TEST_CASE("a packed operand with many columns has the same bits for any number of threads") {
  const int before = threads();
  for (DType t : {f32, f64})
    for (int rows : {1, 9, 40}) {
      const Array a = numbers({rows, 300}, t, 1);
      const Pack w(numbers({300, 2010}, t, 2), Trans::no);
      Array one = Array::zeros({rows, 2010}, t), more = one.copy();
      set_threads(1);
      matmul_into(one, a, w, false);
      set_threads(3);
      matmul_into(more, a, w, false);
      set_threads(before);
      CHECK(same_bits(more, one));
    }
}

TEST_CASE("rows of separate arrays are multiplied and summed as if they were contiguous") {
  for (DType t : {f32, f64})
    for (int m : {1, 20, 33})
      for (int n : {1, 16, 37}) {
        const Array x = numbers({50, m}, t, 1), g = numbers({50, n}, t, 2);
        Stacked xs, gs;
        for (int begin : {0, 3, 4, 20}) {
          const int end = begin == 0 ? 3 : begin == 3 ? 4 : begin == 4 ? 20 : 50;
          xs.add(as_view(x.range(begin, end)));
          gs.add(as_view(g.range(begin, end)));
        }
        CHECK((xs.rows() == 50 && xs.columns() == m && xs == xs && !(xs == gs)));
        for (bool accumulate : {false, true}) {
          Array plain = numbers({m, n}, t, 3), apart = plain.copy(), sums = numbers({n}, t, 4), wanted = sums.copy();
          matmul_into(plain, x, g, Trans::yes, Trans::no, accumulate);
          matmul_transposed_into(apart, LeftPack(xs), Pack(gs), accumulate);
          CHECK(same_bits(apart, plain));
          sum_rows_into(sums, Pack(gs), accumulate);
          for (int j = 0; j < n; ++j) {
            double sum = accumulate ? wanted.at({j}) : 0;
            for (int k = 0; k < 50; ++k) sum += g.at({k, j});
            CHECK(sums.at({j}) == Approx(sum).epsilon(t == f32 ? 1e-5 : 1e-13).margin(t == f32 ? 1e-5 : 1e-13));
          }
        }
      }
  Stacked s;
  s.add(numbers({2, 3}, f32, 1));
  CHECK_THROWS_AS(s.add(numbers({2, 4}, f32, 1)), ShapeError);
  CHECK_THROWS_AS(s.add(numbers({2, 3}, f64, 1)), ValueError);
}

TEST_CASE(
    "a product with both sides packed has the bits of the plain one, for sizes with remainders in every direction") {
  for (DType t : {f32, f64})
    for (int m : {1, 3, 4, 7, 8, 9, 12, 13, 16, 37, 64, 67})
      for (int n : {1, 7, 8, 16, 17, 24, 37, 64, 130})
        for (int k : {1, 17, 300}) {
          const Array x = numbers({k, m}, t, 1), g = numbers({k, n}, t, 2);
          Stacked xs, gs;
          for (int row = 0; row < k; row += 23) {  // parts of odd lengths, with other distances between their rows
            xs.add(as_view(x.range(row, std::min(k, row + 23))));
            gs.add(as_view(g.range(row, std::min(k, row + 23))));
          }
          const LeftPack left(xs);
          const Pack right(gs);
          for (bool accumulate : {false, true}) {
            Array plain = numbers({m, n}, t, 3), packed = as_view(plain);
            matmul_into(plain, x, g, Trans::yes, Trans::no, accumulate);
            matmul_transposed_into(packed, left, right, accumulate);
            INFO(m << "x" << k << "x" << n << " " << name_of(t) << (accumulate ? " accumulated " : " ")
                   << name_of(isa()));
            CHECK(same_bits(packed, plain));
          }
          const Array exact = by_hand(x, g, Trans::yes, Trans::no);
          Array c = Array::empty({m, n}, t);
          matmul_transposed_into(c, left, right, false);
          CHECK(distance(c, exact) <= tolerance(t, k));
        }
}

TEST_CASE("a product with both sides packed writes only within its output view") {
  for (DType t : {f32, f64})
    for (int n : {1, 8, 15, 33}) {
      Array wide = Array::full({13, n + 4}, 7, t);
      Array c = wide.column_block(2, n + 2).range(1, 12);
      Stacked x, g;
      x.add(numbers({6, 11}, t, 1));
      g.add(numbers({6, n}, t, 2));
      matmul_transposed_into(c, LeftPack(x), Pack(g), false);
      for (int i = 0; i < 13; ++i)
        for (int j = 0; j < n + 4; ++j)
          if (i == 0 || i == 12 || j < 2 || j > n + 1) CHECK(wide.at({i, j}) == 7);
    }
}

TEST_CASE("a product with both sides packed has the same bits for any number of threads") {
  const int before = threads();
  for (DType t : {f32, f64})
    for (const auto& [m, n] : {std::pair{203, 170}, {70, 2010}, {2010, 70}}) {
      Stacked x, g;
      x.add(numbers({300, m}, t, 1));
      g.add(numbers({300, n}, t, 2));
      const LeftPack left(x);
      const Pack right(g);
      Array one = numbers({m, n}, t, 3);
      const Array start = one.copy();
      set_threads(1);
      matmul_transposed_into(one, left, right, true);
      for (int count : {2, 3}) {
        Array more = start.copy();
        set_threads(count);
        matmul_transposed_into(more, left, right, true);
        CHECK(same_bits(more, one));
      }
    }
  set_threads(before);
}

TEST_CASE("operands of a packed product that do not fit are rejected") {
  Stacked x, g;
  x.add(numbers({6, 11}, f32, 1));
  g.add(numbers({5, 4}, f32, 2));
  Array c = Array::empty({11, 4}, f32);
  CHECK_THROWS_AS(matmul_transposed_into(c, LeftPack(x), Pack(g), false), ShapeError);
  g.add(numbers({1, 4}, f32, 3));
  matmul_transposed_into(c, LeftPack(x), Pack(g), false);
  Array other = Array::empty({11, 4}, f64);
  CHECK_THROWS_AS(matmul_transposed_into(other, LeftPack(x), Pack(g), false), ValueError);
}

TEST_CASE("a product has the same bits for any number of threads") {
  const int before = threads();
  for (Trans ta : both)
    for (Trans tb : both) {
      const Array a = numbers(ta == Trans::yes ? Shape{300, 190} : Shape{190, 300}, f32, 1);
      const Array b = numbers(tb == Trans::yes ? Shape{170, 300} : Shape{300, 170}, f32, 2);
      const Array tall = numbers({190, 2000}, f32, 3);
      set_threads(1);
      const Array one = matmul(a, b, ta, tb),
                  wide = matmul(a, tall, ta == Trans::yes ? Trans::no : Trans::yes, Trans::no).copy();
      for (int n : {2, 3}) {
        set_threads(n);
        CHECK(same_bits(matmul(a, b, ta, tb), one));
        CHECK(same_bits(matmul(a, tall, ta == Trans::yes ? Trans::no : Trans::yes, Trans::no), wide));
      }
    }
  set_threads(before);
}

TEST_CASE("leading axes are rows if the right operand is a matrix, and batch axes otherwise") {
  const Array a = numbers({2, 3, 4}, f64, 1), w = numbers({4, 5}, f64, 2), b = numbers({2, 4, 5}, f64, 3);
  const Array rows = matmul(a, w), pairs = matmul(a, b);
  REQUIRE(rows.shape() == Shape{2, 3, 5});
  REQUIRE(pairs.shape() == Shape{2, 3, 5});
  for (int i = 0; i < 2; ++i) {
    CHECK(same_bits(rows[i], matmul(a[i], w)));
    CHECK(same_bits(pairs[i], matmul(a[i], b[i])));
  }
}

TEST_CASE("batched products accept every transpose, and views") {
  const Array a = as_view(numbers({3, 4, 6}, f64, 1)), b = as_view(numbers({3, 6, 5}, f64, 2));
  const Array at = transpose(a), bt = transpose(b), want = matmul(a, b);
  for (int i = 0; i < 3; ++i) CHECK(distance(want[i], by_hand(a[i], b[i], Trans::no, Trans::no)) < 1e-15);
  CHECK(distance(matmul(at, b, Trans::yes, Trans::no), want) < 1e-15);
  CHECK(distance(matmul(a, bt, Trans::no, Trans::yes), want) < 1e-15);
  CHECK(distance(matmul(at, bt, Trans::yes, Trans::yes), want) < 1e-15);
  const Array w = numbers({6, 5}, f64, 3);
  CHECK(distance(matmul(at, w, Trans::yes, Trans::no), matmul(a, w)) < 1e-15);
}

TEST_CASE("an inner size of zero gives zeros, or leaves the accumulated output unchanged") {
  const Array a = Array::zeros({3, 0}, f32), b = Array::zeros({0, 4}, f32);
  CHECK(same_bits(matmul(a, b), Array::zeros({3, 4}, f32)));
  Array c = Array::full({3, 4}, 2, f32);
  matmul_into(c, a, b, Trans::no, Trans::no, true);
  CHECK(same_bits(c, Array::full({3, 4}, 2, f32)));
  CHECK(matmul(Array::zeros({0, 3}, f32), Array::zeros({3, 4}, f32)).shape() == Shape{0, 4});
}

TEST_CASE("NaN and infinity propagate through a product") {
  Array a = Array::full({2, 3}, 1, f32), b = Array::full({3, 20}, 1, f32);
  a.set_flat(4, std::numeric_limits<double>::quiet_NaN());
  const Array c = matmul(a, b);
  CHECK(c.at({0, 19}) == 3);
  CHECK(std::isnan(c.at({1, 19})));
}

TEST_CASE("invalid products are rejected, naming both shapes") {
  const Array x = Array::zeros({32, 128}, f32);
  CHECK_THROWS_WITH(matmul(x, Array::zeros({64, 256}, f32)),
                    "matmul: inner sizes differ: x is [32, 128], W is [64, 256]");
  CHECK_THROWS_AS(matmul(x, Array::zeros({128}, f32)), ShapeError);
  CHECK_THROWS_AS(matmul(x, Array::zeros({2, 128, 3}, f32)), ShapeError);
  CHECK_THROWS_AS(matmul(Array::zeros({3, 2, 4}, f32), Array::zeros({2, 4, 5}, f32)), ShapeError);
  CHECK_THROWS_AS(matmul(x, Array::zeros({128, 4}, f64)), ValueError);
  Array small = Array::zeros({32, 5}, f32);
  CHECK_THROWS_AS(matmul_into(small, x, Array::zeros({128, 4}, f32), Trans::no, Trans::no, false), ShapeError);
}

}  // namespace matmul_test
