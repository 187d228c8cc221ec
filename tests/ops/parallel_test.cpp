#include <atomic>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/isa.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/reduce.hpp>
#include <vector>
#include "catch.hpp"
#include "reference.hpp"

namespace parallel_test {

using namespace ebb;
using namespace reference;

TEST_CASE("parallel_for covers every index once, and rethrows a piece's exception") {
  const int before = threads();
  set_threads(3);
  std::vector<std::atomic<int>> seen(1000);
  parallel_for(1000, 10, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
  });
  for (auto& s : seen) CHECK(s == 1);
  CHECK_THROWS_AS(parallel_for(1000, 10,
                               [](std::int64_t begin, std::int64_t) {
                                 if (begin > 0) throw ValueError("no");
                               }),
                  ValueError);
  int calls = 0;
  parallel_for(5, 100, [&](std::int64_t begin, std::int64_t end) {
    ++calls;
    CHECK(begin == 0);
    CHECK(end == 5);
  });
  parallel_for(0, 1, [&](std::int64_t, std::int64_t) { ++calls; });
  CHECK(calls == 1);
  set_threads(before);
  CHECK_THROWS_AS(set_threads(0), ValueError);
}

TEST_CASE("large elementwise ops and reductions have the same bits for any number of threads") {
  const int before = threads();
  const Array x = numbers({700, 301}, f32, 1), b = numbers({301}, f32, 2), line = numbers({200'003}, f32, 3);
  set_threads(1);
  const Array sums[] = {tanh(x + b), exp(line),  sum(x, 0),
                        sum(x, 1),   softmax(x), x.column_block(3, 290) * b.range(3, 290)};
  for (int n : {2, 3}) {
    set_threads(n);
    CHECK(same_bits(tanh(x + b), sums[0]));
    CHECK(same_bits(exp(line), sums[1]));
    CHECK(same_bits(sum(x, 0), sums[2]));
    CHECK(same_bits(sum(x, 1), sums[3]));
    CHECK(same_bits(softmax(x), sums[4]));
    CHECK(same_bits(x.column_block(3, 290) * b.range(3, 290), sums[5]));
  }
  set_threads(before);
}

TEST_CASE("the instruction set is the requested one, or the best") {
  const char* asked = std::getenv("EBB_ISA");
  if (asked && *asked) CHECK(std::string(name_of(isa())) == asked);
  else CHECK((isa() == Isa::avx512 || !available(Isa::avx512) || !has_kernels(Isa::avx512)));
  CHECK(available(isa()));
  CHECK(has_kernels(isa()));
  CHECK(available(Isa::sse2));
}

}  // namespace parallel_test
