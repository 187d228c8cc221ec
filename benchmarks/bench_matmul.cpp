// Ebb's matrix product at the shapes of recurrent cells and for square matrices; OMP_NUM_THREADS sets the threads. For
// a comparison with other libraries see benchmarks/compare.
#include <benchmark/benchmark.h>

#include <ebb/ops/matmul.hpp>
#include <ebb/ops/random.hpp>

using namespace ebb;

namespace {

void product(benchmark::State& state, DType dtype, Trans ta, Trans tb) {
  const int M = static_cast<int>(state.range(0)), K = static_cast<int>(state.range(1)),
            N = static_cast<int>(state.range(2));
  const Array a = uniform(ta == Trans::yes ? Shape{K, M} : Shape{M, K}, Key{1}, -1, 1, dtype);
  const Array b = uniform(tb == Trans::yes ? Shape{N, K} : Shape{K, N}, Key{2}, -1, 1, dtype);
  Array c = Array::empty({M, N}, dtype);
  for (auto _ : state) {
    matmul_into(c, a, b, ta, tb, false);
    benchmark::ClobberMemory();
  }
  state.counters["GFLOP/s"] =
      benchmark::Counter(2e-9 * M * K * N * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void squares(benchmark::internal::Benchmark* b) {
  for (const int n : {512, 1024, 2048}) b->Args({n, n, n});
}

// Products in an LSTM's step, for a batch or one of its shards.
void forward(benchmark::internal::Benchmark* b) {
  for (const int H : {64, 128, 200, 256})
    for (const int B : {1, 8, 16, 32, 64}) b->Args({B, H, 4 * H});
}
void adjoint(benchmark::internal::Benchmark* b) {
  for (const int H : {64, 128, 200, 256})
    for (const int B : {1, 8, 16, 32, 64}) b->Args({B, 4 * H, H});
}
void weight(benchmark::internal::Benchmark* b) {
  for (const int H : {64, 128, 200, 256}) b->Args({H, 512, 4 * H});
}

}  // namespace

BENCHMARK_CAPTURE(product, square, f32, Trans::no, Trans::no)->Apply(squares)->UseRealTime();
BENCHMARK_CAPTURE(product, square_float64, f64, Trans::no, Trans::no)->Apply(squares)->UseRealTime();
BENCHMARK_CAPTURE(product, forward, f32, Trans::no, Trans::no)->Apply(forward)->UseRealTime();
BENCHMARK_CAPTURE(product, dh, f32, Trans::no, Trans::yes)->Apply(adjoint)->UseRealTime();
BENCHMARK_CAPTURE(product, dW, f32, Trans::yes, Trans::no)->Apply(weight)->UseRealTime();
BENCHMARK_MAIN();
