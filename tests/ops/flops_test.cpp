#include <ebb/ops/conv.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/flops.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/random.hpp>
#include <thread>

#include "catch.hpp"

namespace flops_test {

using namespace ebb;

namespace {

template <class F> double flops(F&& f) {
  const FlopCount count;
  f();
  return count.flops();
}

}  // namespace

TEST_CASE("a product has two flops for each multiplication with its addition, however it is computed") {
  const Array a = uniform({3, 4}, Key{1}, 0, 1), b = uniform({4, 5}, Key{2}, 0, 1);
  CHECK(flops([&] { matmul(a, b); }) == 120);
  CHECK(flops([&] { matmul(b, a, Trans::yes, Trans::yes); }) == 120);
  CHECK(flops([&] { matmul(uniform({6, 3, 4}, Key{1}, 0, 1), b); }) == 6 * 120);
  CHECK(flops([&] { matmul(uniform({6, 3, 4}, Key{1}, 0, 1), uniform({6, 4, 5}, Key{2}, 0, 1)); }) == 6 * 120);
  CHECK(flops([&] { matmul(uniform({3, 5000}, Key{1}, 0, 1), uniform({5000, 2}, Key{2}, 0, 1)); }) == 60'000);
  const Pack packed(b, Trans::no);
  Array c = Array::zeros({3, 5});
  CHECK(flops([&] { matmul_into(c, a, packed, true); }) == 120);
  Stacked rows;
  rows.add(uniform({4, 3}, Key{1}, 0, 1));
  CHECK(flops([&] { matmul_transposed_into(c, LeftPack(rows), packed, false); }) == 120);
  CHECK(flops([&] { a + a; }) == 0);
  CHECK(flops([&] { matmul(uniform({300, 400}, Key{1}, 0, 1), uniform({400, 500}, Key{2}, 0, 1)); }) ==
        120e6);  // split among threads
}

TEST_CASE("a convolution and its adjoints have as many flops as the product of unfolded windows") {
  const detail::Windows h{.size = 9, .kernel = 3, .stride = 2}, w{.size = 8, .kernel = 2, .before = 1};
  const int B = 2, C = 3, O = 5, inputs = C * 3 * 2;
  const Array x = uniform({B, C, 9, 8}, Key{1}, 0, 1), W = uniform({inputs, O}, Key{2}, 0, 1),
              g = uniform({B, O, 4, 8}, Key{3}, 0, 1);
  const double wanted = 2.0 * B * 4 * 8 * inputs * O;
  CHECK(flops([&] { detail::conv2d(x, W, h, w); }) == wanted);
  CHECK(flops([&] { detail::conv2d_input(g, W, h, w); }) == wanted);
  CHECK(flops([&] { detail::conv2d_weight(x, g, h, w); }) == wanted);
}

TEST_CASE("counts are nested, and each thread has its own") {
  const Array a = Array::zeros({2, 2});
  matmul(a, a);  // counted by nothing
  const FlopCount outer;
  matmul(a, a);
  {
    const FlopCount inner;
    matmul(a, a);
    CHECK(inner.flops() == 16);
  }
  std::thread([&] { matmul(a, a); }).join();
  CHECK(outer.flops() == 32);
}

}  // namespace flops_test
