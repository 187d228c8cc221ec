// A separate program, since it counts every call of the allocator, including the C library's.
#include <atomic>
#include <cstdlib>
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/memory.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/optim/adam.hpp>
#include <ebb/optim/clip.hpp>
#include <vector>

#include "catch.hpp"

namespace {
std::atomic<long> calls{0};
}

extern "C" {  // glibc's names of the replaced functions
void* __libc_malloc(std::size_t) noexcept;
void* __libc_calloc(std::size_t, std::size_t) noexcept;
void* __libc_realloc(void*, std::size_t) noexcept;
void* __libc_memalign(std::size_t, std::size_t) noexcept;

void* malloc(std::size_t n) noexcept {
  ++calls;
  return __libc_malloc(n);
}
void* calloc(std::size_t n, std::size_t size) noexcept {
  ++calls;
  return __libc_calloc(n, size);
}
void* realloc(void* p, std::size_t n) noexcept {
  ++calls;
  return __libc_realloc(p, n);
}
void* aligned_alloc(std::size_t alignment, std::size_t n) noexcept {
  ++calls;
  return __libc_memalign(alignment, n);
}
}

using namespace ebb;

namespace {

/// Allocator calls during `updates` of a warmed-up training loop.
template <class Update> long calls_in(int updates, Update&& update) {
  for (int u = 0; u < 20; ++u) update(u);
  const long before = calls;
  for (int u = 20; u < 20 + updates; ++u) update(u);
  return calls - before;
}

struct Counted {
  const char* cell;
  int threads;
};

/// Which thread packs a weight is a race, so either pool may need one more buffer, once, but never one per update.
constexpr long most_by_races = 10;

}  // namespace

TEST_CASE("A warmed-up training loop makes no allocator calls") {
  const Counted c = GENERATE(Counted{"lstm", 1}, Counted{"lstm", 2}, Counted{"gru", 1}, Counted{"rnn", 1});
  CAPTURE(c.cell, c.threads);
  set_threads(c.threads);
  Params w{{.seed = 1}};
  const CellPtr cell = make_cell(c.cell, w / "rnn", {6, 16});
  Linear out(w / "out", 16, 1);
  Adam adam(w, {.lr = 1e-3});
  const Array x = normal({30, 16, 6}, Key{1}, 0, 1), y = normal({16, 1}, Key{2}, 0, 1);
  const long calls = calls_in(50, [&](int u) {
    Result r = backward(w, {.rows = 16, .update = static_cast<std::uint64_t>(u)}, [&](Shard& s) {
      const Run run = unroll(*cell, s.sequence(x), s.context());
      return s.mean_rows(squared_error(out(run.last()), s.rows(y)));
    });
    clip_by_norm(r.grads, 1);
    adam.step(r.grads);
  });
  // Some OpenMP runtimes (LLVM's) allocate in each parallel region.
  const long of_runtime = calls_in(50, [](int) { parallel_for(2, 1, [](std::int64_t, std::int64_t) {}); });
  if (c.threads == 1) CHECK(calls == 0);
  else if (of_runtime == 0) CHECK(calls <= most_by_races);
  set_threads(1);
}

TEST_CASE("Allocations by containers of the standard library are counted") {
  std::vector<int>* volatile kept = nullptr;  // volatile, so that the compiler does not remove it
  CHECK(calls_in(3, [&](int u) {
          kept = new std::vector<int>(static_cast<std::size_t>(1000 + u));
          delete kept;
        }) >= 3);
}

TEST_CASE("A language model's warmed-up training loop makes no allocator calls") {
  set_threads(1);
  Params w{{.seed = 1}};
  Embedding embedding(w / "emb", 11, 8);
  const CellPtr cell = make_cell("lstm", w / "rnn", {8, 16});
  Linear out(w / "out", 16, 11);
  Adam adam(w, {.lr = 1e-3});
  Tokens tokens({30, 16}), next({30, 16});
  for (int k = 0; k < 480; ++k) {
    tokens.data()[k] = k % 11;
    next.data()[k] = (k + 1) % 11;
  }
  const long calls = calls_in(50, [&](int u) {
    Result r = backward(w, {.rows = 16, .update = static_cast<std::uint64_t>(u)}, [&](Shard& s) {
      const Run run = unroll(*cell, embedding(s.sequence(tokens)), s.context());
      return s.mean_tokens(cross_entropy(out(run.all()), s.sequence(next)));
    });
    clip_by_norm(r.grads, 1);
    adam.step(r.grads);
  });
  CHECK(calls == 0);
}
