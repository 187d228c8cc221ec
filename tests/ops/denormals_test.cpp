#include <atomic>
#include <ebb/ops/denormals.hpp>
#include <ebb/ops/parallel.hpp>
#include <limits>
#include "catch.hpp"

namespace denormals_test {

using namespace ebb;

namespace {

template <class T> bool sum_is_zero(T denormal) {
  const volatile T x = denormal;
  return x + x == 0;
}
template <class T> bool difference_is_zero() {  // of two normal numbers
  const volatile T x = std::numeric_limits<T>::min(), y = x * T(1.5);
  return y - x == 0;
}
bool all_flush() {
  return FlushDenormals::on() && sum_is_zero(1e-39F) && sum_is_zero(1e-309) && difference_is_zero<float>() &&
         difference_is_zero<double>();
}
bool none_flushes() {
  return !FlushDenormals::on() && !sum_is_zero(1e-39F) && !sum_is_zero(1e-309) && !difference_is_zero<float>() &&
         !difference_is_zero<double>();
}

}  // namespace

TEST_CASE("denormal operands and results are zero while a FlushDenormals lives") {
  CHECK(none_flushes());
  {
    const FlushDenormals flush;
    CHECK(all_flush());
    {
      const FlushDenormals exact(false);
      CHECK(none_flushes());
    }
    CHECK(all_flush());
  }
  CHECK(none_flushes());
}

TEST_CASE("the threads of parallel_for flush denormals exactly if their caller does", "[shards]") {
  const int before = threads();
  set_threads(3);
  const auto threads_that = [](bool (*is)()) {
    std::atomic<int> count = 0;
    parallel_for(3, 1, [&](std::int64_t begin, std::int64_t end) {
      if (is()) count += static_cast<int>(end - begin);
    });
    return count.load();
  };
  CHECK(threads_that(none_flushes) == 3);
  {
    const FlushDenormals flush;
    CHECK(threads_that(all_flush) == 3);
  }
  CHECK(threads_that(none_flushes) == 3);
  set_threads(before);
}

}  // namespace denormals_test
