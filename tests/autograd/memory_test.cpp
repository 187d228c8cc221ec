#include "catch.hpp"
#include "sanitized.hpp"

#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/kept_memory.hpp>
#include <ebb/autograd/node_store.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/ops/memory.hpp>
#include <fstream>
#include <thread>

namespace memory_test {

using namespace ebb;

namespace {

constexpr double MiB = 1 << 20;

double reserved() { return static_cast<double>(pool_stats().reserved) / MiB; }

/// MiB of this process in memory.
double resident() {
  std::ifstream f("/proc/self/statm");
  double pages = 0;
  f >> pages >> pages;
  return pages * 4096 / MiB;
}

/// A tape of many steps that keeps all values.
void long_tape(int steps) {
  Tape tape;
  const Var x = variable(Array::full({16}, .5));
  Var y = x;
  for (int t = 0; t < steps; ++t) y = tanh(y);
  CHECK(tape.backward(sum(y), true)[x].at({0}) >= 0);
}

}  // namespace

TEST_CASE("a long tape's memory is returned to the system with it") {
  std::thread([] {  // a new thread has an unused pool and no tapes
    const double before = resident();
    double during = 0;
    {
      Tape tape;
      Var y = variable(Array::full({16}, .5));
      for (int t = 0; t < 400000; ++t) y = tanh(y);
      during = resident();
    }
    CHECK(reserved() <= 16.5);
    if (sanitized || before == 0) return;
    CHECK(during - before > 100);
    CHECK(resident() - before < 80);
  })
      .join();
}

TEST_CASE("the thread keeps the memory that the tapes of a loop need") {
  std::thread([] {
    for (int k = 0; k < 2; ++k) long_tape(300000);
    const std::size_t calls = pool_stats().system_calls;
    for (int k = 0; k < 3; ++k) long_tape(300000);
    CHECK(pool_stats().system_calls == calls);
    CHECK(reserved() > 33);
  }).join();
}

TEST_CASE("the memory that two of the last eight tapes needed is kept, else a small part") {
  detail::KeptMemory kept;
  const std::size_t little = detail::KeptMemory::always, much = 10 * little;
  CHECK(kept.after(much) == little);
  for (int k = 0; k < 6; ++k) CHECK(kept.after(little / 2) == little);
  CHECK(kept.after(much - 1) == much - 1);
  CHECK(kept.after(1) == little);
}

TEST_CASE("the deferred gradients of a long loop take as much memory as a few of its steps") {
  constexpr int B = 16, I = 64, H = 512;
  Tape tape;
  const Var x = constant(Array::full({B, I}, .1)), W = variable(Array::full({I, H}, .1));
  Var loss = sum(matmul(x, W));
  for (int t = 0; t < 200; ++t) loss = loss + sum(matmul(x, W));
  const auto before = tape.stats().kept_bytes;
  reset_pool_peak();
  (void)tape.backward(loss);
  // The adjoints of at most 256 rows, and a copy of them and of x; W's gradient.
  CHECK(static_cast<double>(tape.stats().peak_bytes - before) / MiB < (256. * (2 * H + I) + 2 * I * H) * 4 / MiB + .2);
}

TEST_CASE("a node store keeps the requested amount and can be used again") {
  detail::NodeStore nodes;
  const auto fill = [&] {
    for (int k = 0; k < 100000; ++k) {
      nodes.append();
      nodes.arena(64);
    }
  };
  fill();
  CHECK(nodes.bytes_used() > 100000 * sizeof(detail::Node));
  nodes.clear();
  CHECK(nodes.give_back(std::size_t{8} << 20) > 100000 * sizeof(detail::Node) / 2);
  CHECK(nodes.give_back(std::size_t{8} << 20) == 0);
  fill();
  CHECK(nodes.top() == 100000);
  CHECK(nodes.give_back(0) == 0);  // in use
}

}  // namespace memory_test
