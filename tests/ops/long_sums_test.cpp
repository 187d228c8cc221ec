#include <cmath>
#include <ebb/ops/index.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/reduce.hpp>
#include "catch.hpp"
#include "reference.hpp"

namespace long_sums_test {

using namespace ebb;
using namespace reference;

/// Sums of very many float32 values. A single chain of additions stops growing at 2^24 = 16,777,216; the expected
/// results are known in closed form or from float64.
namespace {

constexpr int many = 18'000'000;  // more than 2^24
const double tenth = static_cast<double>(.1f);

}  // namespace

TEST_CASE("the mean over twenty million rows of ones is one") {
  const Array m = mean(Array::full({20'000'000, 2}, 1, f32), 0);
  CHECK(m.at({0}) == 1);
  CHECK(m.at({1}) == 1);
}

TEST_CASE("the gradient of a bias counts every row") {
  CHECK(sum_to(Array::full({many, 1}, 1, f32), {1}).item() == many);
  CHECK(sum_to(Array::full({many / 1000, 1000, 1}, 1, f32), {1}).item() == many);
}

TEST_CASE("a sum over 3.4 million rows is accurate, with one column and with a hundred") {
  CHECK(sum(Array::full({3'400'000, 1}, .1, f32), 0).item() == Approx(3.4e6 * tenth).epsilon(3e-6));
  const Array wide = sum(Array::full({34'000, 100}, .1, f32), 0);
  for (int j = 0; j < 100; ++j) CHECK(wide.at({j}) == Approx(3.4e4 * tenth).epsilon(3e-6));
}

TEST_CASE("a cumulative sum is accurate, along rows and columns and from either end") {
  constexpr int n = 1'000'000;
  const Array x = uniform({n}, Key{1}, 0, 1, f32);
  const Array row = cumsum(x, 0), column = cumsum(x.reshape({n, 1}), 0).reshape({n}), back = cumsum(x, 0, true);
  double up = 0, worst = 0;
  for (int i = 0; i < n; ++i) {
    up += x.at_flat(i);
    worst = std::max({worst, std::abs(row.at_flat(i) / up - 1), std::abs(column.at_flat(i) / up - 1)});
  }
  CHECK(worst < 1e-6);
  double down = 0;
  worst = 0;
  for (int i = n - 1; i >= 0; --i) {
    down += x.at_flat(i);
    worst = std::max(worst, std::abs(back.at_flat(i) / down - 1));
  }
  CHECK(worst < 1e-6);
  CHECK(cumsum(Array::full({many}, 1, f32), 0).at_flat(many - 1) == many);
}

TEST_CASE("a product with a long inner index counts every term, for any layout of its operands") {
  const Array row = Array::full({1, many}, 1, f32), column = row.reshape({many, 1});
  CHECK(matmul(row, column).item() == many);
  CHECK(matmul(column, column, Trans::yes, Trans::no).item() == many);
  CHECK(matmul(row, row, Trans::no, Trans::yes).item() == many);
  CHECK(matmul(column, row, Trans::yes, Trans::yes).item() == many);
  Array c = Array::full({1, 1}, 2, f32);
  matmul_into(c, row, column, Trans::no, Trans::no, true);
  CHECK(c.item() == many + 2);
}

TEST_CASE("long products agree with float64 and have the same bits for any number of threads") {
  for (const Shape& s : {Shape{4097, 3}, Shape{9000, 33}, Shape{20'000, 70}}) {
    const Array a = numbers(s, f32, 1), b = numbers({s[0], 40}, f32, 2);
    const int before = threads();
    set_threads(1);
    const Array one = matmul(a, b, Trans::yes, Trans::no);
    CHECK(distance(one, matmul(a.to(f64), b.to(f64), Trans::yes, Trans::no)) < 1e-5);
    for (int n : {2, 3}) {
      set_threads(n);
      CHECK(same_bits(matmul(a, b, Trans::yes, Trans::no), one));
    }
    set_threads(before);
    CHECK(same_bits(matmul(transpose(a).compact(), b), one));
  }
}

TEST_CASE("an entry named by very many tokens receives every row") {
  Tokens t({many});
  for (int i = 0; i < many; ++i) t.data()[i] = i % 1000 == 0 ? 2 : 1;
  const Array table = scatter_add(Array::full({many, 1}, 1, f32), t, 4);
  CHECK(table.at({0, 0}) == 0);
  CHECK(table.at({1, 0}) == many - many / 1000);
  CHECK(table.at({2, 0}) == many / 1000);
}

TEST_CASE("a softmax over four million logits sums to one") {
  constexpr int n = 4'000'000;
  const Array x = uniform({1, n}, Key{2}, -1, 1, f32);
  double total = 0;
  for (int i = 0; i < n; ++i) total += std::exp(x.at_flat(i));
  CHECK(std::abs(logsumexp(x).item() - std::log(total)) < 3e-6);
  CHECK(sum(softmax(x).to(f64)).item() == Approx(1).epsilon(1e-6));
}

TEST_CASE("up to 4096 rows are summed in order, bit for bit") {
  for (DType t : {f32, f64})
    for (const Shape& s : {Shape{4096, 3}, Shape{300, 70}}) {
      const Array x = numbers(s, t, 3), got = sum(x, 0), running = cumsum(x, 0);
      CHECK(same_bits(got, running[s[0] - 1]));
      for (int j = 0; j < s[1]; ++j) {
        double chain = x.at({0, j});
        for (int r = 1; r < s[0]; ++r)
          chain = t == f32 ? static_cast<double>(static_cast<float>(chain) + static_cast<float>(x.at({r, j})))
                           : chain + x.at({r, j});
        CHECK(got.at({j}) == chain);
      }
    }
}

}  // namespace long_sums_test
