#include <atomic>
#include <cstdlib>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/memory.hpp>
#include <ebb/ops/pool.hpp>
#include <fstream>
#include <thread>
#include <vector>
#include "catch.hpp"
#include "reference.hpp"
#include "sanitized.hpp"

namespace pool_test {

using namespace ebb;
using namespace reference;

namespace {

/// MiB of this process in memory.
double resident() {
  std::ifstream f("/proc/self/statm");
  double pages = 0;
  f >> pages >> pages;
  return pages * 4096 / (1 << 20);
}

}  // namespace

TEST_CASE("size classes are large enough and waste at most a fifth") {
  for (std::size_t bytes = 0; bytes < 100'000; bytes += bytes < 3000 ? 1 : 97) {
    const std::size_t given = Pool::bytes_of_class(Pool::class_of(bytes));
    REQUIRE(given >= bytes);
    REQUIRE(given % 64 == 0);
    if (bytes > 512) REQUIRE(static_cast<double>(given) <= 1.25 * static_cast<double>(bytes) + 64);
    REQUIRE(Pool::class_of(given) == Pool::class_of(bytes));
  }
  CHECK(Pool::class_of(std::size_t{1} << 48) < Pool::classes);
}

TEST_CASE("a loop requests memory from the system once") {
  const auto iteration = [] {
    const Array a = numbers({32, 100}, f32, 1), b = numbers({32, 100}, f32, 2);
    Array c = a * b + a;
    for (int k = 0; k < 5; ++k) c = tanh(c + b);
  };
  iteration();
  const PoolStats before = pool_stats();
  for (int i = 0; i < 100; ++i) iteration();
  const PoolStats after = pool_stats();
  CHECK(after.system_calls == before.system_calls);
  CHECK(after.reserved == before.reserved);
  CHECK(after.in_use == before.in_use);
}

TEST_CASE("buffers are 64-byte aligned and the last one freed is the first one used") {
  const void* last = nullptr;
  for (int n : {1, 3, 100, 5000}) {
    const Array a = Array::empty({n}, f64);
    CHECK(reinterpret_cast<std::uintptr_t>(a.raw()) % 64 == 0);
    last = a.raw();
  }
  CHECK(Array::empty({5000}, f64).raw() == last);
}

TEST_CASE("memory in use and its peak are counted") {
  const std::size_t before = pool_stats().in_use;
  reset_pool_peak();
  {
    const Array a = Array::empty({1000}, f32);
    CHECK(pool_stats().in_use >= before + 4000);
  }
  CHECK(pool_stats().in_use == before);
  CHECK(pool_stats().peak >= before + 4000);
  reset_pool_peak();
  CHECK(pool_stats().peak == before);
}

TEST_CASE("large buffers return to the system although small ones between them are in use") {
  std::thread([] {                                  // a new thread has an unused pool
    std::free(std::malloc(std::size_t{16} << 20));  // from then on the C library keeps freed memory of up to this size
    constexpr int count = 64, elements = 1 << 17;   // half a MiB each
    std::vector<Array> large, small;
    for (int k = 0; k < count; ++k) {
      large.push_back(Array::zeros({elements}, f32));
      small.push_back(Array::zeros({1000}, f32));
    }
    const double before = resident();
    large.clear();
    CHECK(detail::trim_pool(0) >= count * elements * sizeof(float));
    if (sanitized || before == 0) return;
    CHECK(before - resident() > 30);
  })
      .join();
}

TEST_CASE("a buffer freed by another thread returns to its owner", "[shards]") {
  Array a = Array::empty({12345}, f64);
  const void* memory = a.raw();
  const std::size_t in_use = pool_stats().in_use;
  std::thread([moved = std::move(a)]() mutable {
    const PoolStats mine = pool_stats();
    moved = Array();
    CHECK(pool_stats().reserved == mine.reserved);
  }).join();
  CHECK(pool_stats().in_use < in_use);
  CHECK(Array::empty({12345}, f64).raw() == memory);
}

TEST_CASE("an array outlives the thread that created it, and the next thread reuses that thread's pool", "[shards]") {
  Array kept;
  const void* freed = nullptr;
  std::thread([&] {
    kept = Array::full({777}, 3, f32);
    freed = Array::empty({54321}, f64).raw();
  }).join();
  CHECK(kept.at({776}) == 3);
  std::thread([&] {
    CHECK(pool_stats().reserved > 54321 * sizeof(double));
    CHECK(Array::empty({54321}, f64).raw() == freed);
  }).join();
  kept = Array();
}

TEST_CASE("many threads pass arrays around", "[shards]") {
  constexpr int count = 4, rounds = 2000;
  std::vector<Array> shared(count);
  std::vector<std::atomic<int>> turn(count);
  std::vector<std::thread> all;
  for (int k = 0; k < count; ++k)
    all.emplace_back([&, k] {
      const auto me = static_cast<std::size_t>(k), next = static_cast<std::size_t>((k + 1) % count);
      for (int i = 0; i < rounds; ++i) {
        Array mine = Array::full({1 + i % 300}, k, f32);
        while (turn[next].load(std::memory_order_acquire) != 0) std::this_thread::yield();
        shared[next] = mine;
        turn[next].store(1, std::memory_order_release);
        while (turn[me].load(std::memory_order_acquire) != 1) std::this_thread::yield();
        const Array got = std::move(shared[me]);
        if (got.at_flat(0) != (k + count - 1) % count) std::abort();
        turn[me].store(0, std::memory_order_release);
      }
    });
  for (auto& t : all) t.join();
}

}  // namespace pool_test
