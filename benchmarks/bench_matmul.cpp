// Ebb's matrix product at the shapes of recurrent cells and for square matrices; OMP_NUM_THREADS sets the threads. For
// a comparison with other libraries see benchmarks/compare.
//   bench_matmul --benchmark_filter=tape     as the tape multiplies: operands packed, an LSTM's eight weights in turn
#include <benchmark/benchmark.h>

#include <ebb/ops/matmul.hpp>
#include <ebb/ops/random.hpp>
#include <vector>

using namespace ebb;

namespace {

void count(benchmark::State& state, double flop) {
  state.counters["GFLOP/s"] =
      benchmark::Counter(1e-9 * flop * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

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
  count(state, 2. * M * K * N);
}

/// x W for the eight weights [H, H] of an LSTM, packed as W or W^T before; a step's forward products, or its adjoints.
void tape_step(benchmark::State& state, DType dtype, Trans tb) {
  const int B = static_cast<int>(state.range(0)), H = static_cast<int>(state.range(1));
  const Array x = uniform({B, H}, Key{1}, -1, 1, dtype);
  std::vector<Pack> weights;
  std::vector<Array> results;
  for (std::uint64_t k = 0; k < 8; ++k) {
    weights.emplace_back(uniform({H, H}, Key{k}, -1, 1, dtype), tb);
    results.push_back(Array::zeros({B, H}, dtype));
  }
  for (auto _ : state) {
    for (std::size_t k = 0; k < 8; ++k) matmul_into(results[k], x, weights[k], tb == Trans::yes);
    benchmark::ClobberMemory();
  }
  count(state, 16. * B * H * H);
}

/// The gradients of those weights from 32 steps of 16 rows: x, h and the adjoints of four gates are packed, and
/// multiplied eight times.
void tape_weights(benchmark::State& state, DType dtype) {
  const int H = static_cast<int>(state.range(0));
  Stacked left[2], right[4];
  for (std::uint64_t t = 0; t < 32; ++t) {
    for (Stacked& s : left) s.add(uniform({16, H}, Key{t}, -1, 1, dtype));
    for (Stacked& s : right) s.add(uniform({16, H}, Key{t}, -1, 1, dtype));
  }
  std::vector<Array> gradients;
  for (int k = 0; k < 8; ++k) gradients.push_back(Array::zeros({H, H}, dtype));
  for (auto _ : state) {
    const LeftPack x[2] = {LeftPack(left[0]), LeftPack(left[1])};
    for (std::size_t k = 0; k < 8; k += 2) {
      const Pack g(right[k / 2]);
      matmul_transposed_into(gradients[k], x[0], g, true);
      matmul_transposed_into(gradients[k + 1], x[1], g, true);
    }
    benchmark::ClobberMemory();
  }
  count(state, 16. * 512 * H * H);
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
void steps(benchmark::internal::Benchmark* b) {
  for (const int H : {64, 128, 256})
    for (const int B : {1, 8, 16, 32}) b->Args({B, H});
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
BENCHMARK_CAPTURE(tape_step, forward, f32, Trans::no)->Apply(steps)->UseRealTime();
BENCHMARK_CAPTURE(tape_step, forward_float64, f64, Trans::no)->Apply(steps)->UseRealTime();
BENCHMARK_CAPTURE(tape_step, dh, f32, Trans::yes)->Apply(steps)->UseRealTime();
BENCHMARK_CAPTURE(tape_step, dh_float64, f64, Trans::yes)->Apply(steps)->UseRealTime();
BENCHMARK_CAPTURE(tape_weights, dW, f32)->Arg(64)->Arg(128)->Arg(256)->UseRealTime();
BENCHMARK_CAPTURE(tape_weights, dW_float64, f64)->Arg(64)->Arg(128)->Arg(256)->UseRealTime();
BENCHMARK_MAIN();
