// Forward and backward of layers that no cell has: convolutions of images at the sizes of `ebb train images`, of `ebb
// train caption` and two others, and cross entropy over large vocabularies. The loss is the mean square, or the mean
// cross entropy. And an update by Adam, alone and of word vectors.
//   bench_layers --benchmark_filter=conv2d
#include <benchmark/benchmark.h>

#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/layers/conv.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/optim/adam.hpp>
#include <ebb/optim/clip.hpp>

using namespace ebb;

namespace {

/// images, channels, height, width, outputs, side of the kernel (padding: half of it), stride, gradient of the image,
/// threads
void conv2d(benchmark::State& state) {
  const auto arg = [&](int k) { return static_cast<int>(state.range(k)); };
  set_threads(arg(8));
  Params w;
  const Conv2d conv(w / "conv", arg(1), arg(4), {.kernel = arg(5), .stride = arg(6), .padding = arg(5) / 2});
  const Array x = normal({arg(0), arg(1), arg(2), arg(3)}, Key{1}, 0, 1);
  for (auto _ : state) {
    Tape tape;
    benchmark::DoNotOptimize(tape.backward(mean(square(conv(arg(7) != 0 ? variable(x) : constant(x))))));
  }
}

/// rows, classes, threads
void cross_entropy_of_rows(benchmark::State& state) {
  const int rows = static_cast<int>(state.range(0)), classes = static_cast<int>(state.range(1));
  set_threads(static_cast<int>(state.range(2)));
  const Array logits = normal({rows, classes}, Key{1}, 0, 1);
  Tokens targets({rows});
  for (int k = 0; k < rows; ++k) targets.data()[k] = static_cast<int>(std::int64_t{k} * 7919 % classes);
  for (auto _ : state) {
    Tape tape;
    benchmark::DoNotOptimize(tape.backward(mean(cross_entropy(variable(logits), targets))));
  }
}

/// weights, threads
void adam(benchmark::State& state) {
  const auto size = static_cast<int>(state.range(0));
  set_threads(static_cast<int>(state.range(1)));
  Params w;
  w.add("W", normal({size}, Key{1}, 0, 1));
  Adam optimizer(w, {});
  Grads g;
  g.flat_of(w, f32).assign(normal({size}, Key{2}, 0, 1));
  for (auto _ : state) optimizer.step(g);
}

/// An update of word vectors: the gradient over shards, its norm, and Adam. words, rows, words per row, threads
void word_vectors(benchmark::State& state) {
  const int words = static_cast<int>(state.range(0)), rows = static_cast<int>(state.range(1));
  set_threads(static_cast<int>(state.range(3)));
  Params w;
  const Embedding table(w / "words", words, 100);
  Adam optimizer(w, {});
  const Tokens read = integers({static_cast<int>(state.range(2)), rows}, Key{1}, 0, words);
  for (auto _ : state) {
    Result r = backward(w, {.rows = rows},
                        [&](Shard& s) { return s.mean_rows(mean(square(table(s.sequence(read))), {0, 2})); });
    clip_by_norm(r.grads, 1);
    optimizer.step(r.grads);
  }
}

void conv_sizes(benchmark::internal::Benchmark* b) {
  for (const int threads : {1, 2}) {
    b->Args({100, 1, 28, 28, 16, 5, 1, 0, threads});  // the layers of `ebb train images`
    b->Args({100, 16, 14, 14, 32, 3, 1, 1, threads});
    b->Args({32, 1, 64, 96, 8, 5, 2, 0, threads});  // of `caption`
    b->Args({32, 8, 32, 48, 24, 5, 2, 1, threads});
    b->Args({32, 24, 16, 24, 48, 3, 2, 1, threads});
    b->Args({32, 48, 8, 12, 64, 3, 1, 1, threads});
    b->Args({32, 8, 28, 28, 16, 3, 1, 1, threads});
    b->Args({64, 32, 16, 16, 64, 3, 1, 1, threads});
  }
}
void vocabularies(benchmark::internal::Benchmark* b) {
  for (const int threads : {1, 2}) {
    b->Args({256, 10000, threads});
    b->Args({64, 50000, threads});
  }
}

BENCHMARK(conv2d)->Apply(conv_sizes)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(cross_entropy_of_rows)
    ->Name("cross_entropy")
    ->Apply(vocabularies)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(word_vectors)
    ->Args({19035, 50, 21, 1})
    ->Args({19035, 50, 21, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(adam)->Args({2'000'000, 1})->Args({2'000'000, 2})->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
