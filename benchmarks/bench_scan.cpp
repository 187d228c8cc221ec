// A diagonal linear recurrence h_t = a_t h_{t-1} + b_t over T steps of N values, forward: step by step, by an
// associative scan in chunks of time (one for each thread), and by the tree of jax.lax.associative_scan; beside them,
// the forward pass of a minGRU, which contains such a recurrence. Each is named T/N. Decision 0030 has the result.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/random.hpp>
#include <utility>
#include <vector>

namespace {

struct Recurrence {
  std::int64_t steps, width;
  std::vector<float> a, b, h;
  Recurrence(std::int64_t steps, std::int64_t width)
      : steps(steps), width(width), a(static_cast<std::size_t>(steps * width)), b(a.size()), h(a.size()) {
    const ebb::Key key{1};
    for (std::size_t k = 0; k < a.size(); ++k) {
      a[k] = static_cast<float>(key.below(1000, k)) / 1000.F;
      b[k] = 1 - a[k];
    }
  }
  std::size_t at(std::int64_t t, std::int64_t k) const { return static_cast<std::size_t>(t * width + k); }
};

/// Times [begin, end) of the values [first, last), from h = 0.
void by_steps(Recurrence& r, std::int64_t begin, std::int64_t end, std::int64_t first, std::int64_t last) {
  std::copy(&r.b[r.at(begin, first)], &r.b[r.at(begin, first)] + (last - first), &r.h[r.at(begin, first)]);
  for (std::int64_t t = begin + 1; t < end; ++t) {
    const float *a = &r.a[r.at(t, 0)], *b = &r.b[r.at(t, 0)], *before = &r.h[r.at(t - 1, 0)];
    float* h = &r.h[r.at(t, 0)];
#pragma omp simd
    for (std::int64_t k = first; k < last; ++k) h[k] = a[k] * before[k] + b[k];
  }
}

/// A scan has to have the results of the steps.
void check(benchmark::State& state, const Recurrence& r) {
  Recurrence expected = r;
  by_steps(expected, 0, r.steps, 0, r.width);
  for (std::size_t k = 0; k < r.h.size(); ++k)
    if (!(std::abs(r.h[k] - expected.h[k]) < 1e-4F)) return state.SkipWithError("differs from the recurrence");
}

void steps(benchmark::State& state) {
  Recurrence r(state.range(0), state.range(1));
  const std::int64_t threads = r.width >= 32 ? ebb::threads() : 1, each = (r.width + threads - 1) / threads;
  for (auto _ : state) {
#pragma omp parallel for num_threads(static_cast<int>(threads))
    for (std::int64_t k = 0; k < threads; ++k)
      by_steps(r, 0, r.steps, std::min(k * each, r.width), std::min((k + 1) * each, r.width));
    benchmark::ClobberMemory();
  }
}

/// What enters a chunk, h of the step before it, is added to its steps times the product of a since then.
void add_carried(Recurrence& r, std::int64_t begin, std::int64_t end, std::vector<float>& carried) {
  for (std::int64_t t = begin; t < end; ++t) {
    const float* a = &r.a[r.at(t, 0)];
    float* h = &r.h[r.at(t, 0)];
#pragma omp simd
    for (std::int64_t k = 0; k < r.width; ++k) h[k] += carried[static_cast<std::size_t>(k)] *= a[k];
  }
}

/// Each thread runs the recurrence over a chunk of time from zero; then what enters the chunks is added to all at once.
/// The first chunk, to which nothing is added, has twice the steps of the others.
void chunks(benchmark::State& state) {
  Recurrence r(state.range(0), state.range(1));
  const std::int64_t threads = ebb::threads(), each = r.steps / (threads + 1);
  const auto begin = [&](std::int64_t c) { return c == 0 ? 0 : c == threads ? r.steps : (c + 1) * each; };
  std::vector<std::vector<float>> carried(static_cast<std::size_t>(threads));
  for (auto _ : state) {
#pragma omp parallel for num_threads(static_cast<int>(threads))
    for (std::int64_t c = 0; c < threads; ++c) by_steps(r, begin(c), begin(c + 1), 0, r.width);
    for (std::int64_t c = 1; c < threads; ++c) {  // the last step of each chunk, which the next one needs
      std::vector<float>& in = carried[static_cast<std::size_t>(c)];
      in.assign(&r.h[r.at(begin(c) - 1, 0)], &r.h[r.at(begin(c) - 1, 0)] + r.width);
      if (c == 1) continue;
      std::vector<float> through = carried[static_cast<std::size_t>(c - 1)];
      for (std::int64_t t = begin(c - 1); t < begin(c); ++t)
        for (std::int64_t k = 0; k < r.width; ++k) through[static_cast<std::size_t>(k)] *= r.a[r.at(t, k)];
      for (std::size_t k = 0; k < in.size(); ++k) in[k] += through[k];
    }
#pragma omp parallel for num_threads(static_cast<int>(threads))
    for (std::int64_t c = 1; c < threads; ++c)
      add_carried(r, begin(c), begin(c + 1), carried[static_cast<std::size_t>(c)]);
    benchmark::ClobberMemory();
  }
  check(state, r);
}

/// Pairs of neighbours are joined, the half as long sequence is scanned likewise, and the even elements are filled in.
void scan_tree(std::vector<float>& a, std::vector<float>& h, std::int64_t steps, std::int64_t width) {
  if (steps < 2) return;
  const std::int64_t half = steps / 2;
  std::vector<float> a2(static_cast<std::size_t>(half * width)), h2(a2.size());
#pragma omp parallel for num_threads(ebb::threads())
  for (std::int64_t t = 0; t < half; ++t)
    for (std::int64_t k = 0; k < width; ++k) {
      const auto to = static_cast<std::size_t>(t * width + k), odd = static_cast<std::size_t>((2 * t + 1) * width + k),
                 even = odd - static_cast<std::size_t>(width);
      a2[to] = a[odd] * a[even];
      h2[to] = a[odd] * h[even] + h[odd];
    }
  scan_tree(a2, h2, half, width);
#pragma omp parallel for num_threads(ebb::threads())
  for (std::int64_t t = 1; t < steps; ++t)
    for (std::int64_t k = 0; k < width; ++k) {
      const auto to = static_cast<std::size_t>(t * width + k);
      const auto from = static_cast<std::size_t>((t - 1) / 2 * width + k);
      h[to] = t % 2 == 1 ? h2[from] : a[to] * h2[from] + h[to];
    }
}
void tree(benchmark::State& state) {
  Recurrence r(state.range(0), state.range(1));
  for (auto _ : state) {
    r.h = r.b;
    scan_tree(r.a, r.h, r.steps, r.width);
    benchmark::ClobberMemory();
  }
  check(state, r);
}

/// The whole forward pass of a minGRU of 128 units on N / 128 rows, with 128 inputs.
void mingru(benchmark::State& state) {
  constexpr int H = 128;
  const auto T = static_cast<int>(state.range(0)), B = static_cast<int>(state.range(1)) / H;
  ebb::Params w;
  const ebb::CellPtr cell = ebb::make_cell("mingru", w / "", {H, H});
  const ebb::Array x = ebb::uniform({T, B, H}, ebb::Key{1}, -1, 1);
  for (auto _ : state) {
    const ebb::Tape tape;
    benchmark::DoNotOptimize(ebb::unroll(*cell, ebb::Sequence(ebb::constant(x)), ebb::StepContext{}).last());
  }
}

void sizes(benchmark::internal::Benchmark* b) {
  for (const auto& [T, N] : {std::pair{1000, 128}, {1000, 4096}, {10'000, 128}, {10'000, 4096}}) b->Args({T, N});
  b->UseRealTime()->Unit(benchmark::kMillisecond);
}
BENCHMARK(steps)->Apply(sizes)->Args({100'000, 8});
BENCHMARK(chunks)->Apply(sizes)->Args({100'000, 8});
BENCHMARK(tree)->Apply(sizes)->Args({100'000, 8});
BENCHMARK(mingru)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
