// The pointwise part of an LSTM step, forward and backward, in nanoseconds per element (a row's hidden unit): as
// hand-written scalar loops, with plain operators, and fused. One thread; a counter gives the instruction set.
//   bench_fuse --benchmark_filter=f32
#include <benchmark/benchmark.h>

#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/isa.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/random.hpp>
#include <vector>

using namespace ebb;

namespace {

constexpr auto lstm = [](auto i, auto f, auto g, auto o, auto c) {
  auto c1 = sigmoid(f) * c + sigmoid(i) * tanh(g);
  return std::pair{c1, sigmoid(o) * tanh(c1)};
};

std::pair<Var, Var> fused(std::array<Var, 4> p, const Var& c) {
  return fuse(lstm, static_cast<std::array<Var, 4>&&>(p), c);
}
std::pair<Var, Var> plain(std::array<Var, 4> p, const Var& c) {
  auto& [i, f, g, o] = p;
  Var c1 = sigmoid(std::move(f)) * c + sigmoid(std::move(i)) * tanh(std::move(g));
  return {c1, sigmoid(std::move(o)) * tanh(c1)};
}

void count(benchmark::State& state, double elements) {
  using benchmark::Counter;
  state.counters["ns_per_element"] = Counter(1e-9 * elements, Counter::kIsIterationInvariantRate | Counter::kInvert);
}

using Step = std::pair<Var, Var> (*)(std::array<Var, 4>, const Var&);

/// Forward only, or forward and backward from adjoints of both results. The operands are temporaries from an addition,
/// like a cell's pre-activations; the row "operands" has its cost.
void tape_step(benchmark::State& state, Step step, DType dtype, bool backward) {
  const int B = static_cast<int>(state.range(0)), H = static_cast<int>(state.range(1));
  const Array pre = normal({B, 4 * H}, Key{1}, 0, 1, dtype), c0 = normal({B, H}, Key{2}, 0, 1, dtype);
  const Array gc = normal({B, H}, Key{3}, 0, 1, dtype), gh = normal({B, H}, Key{4}, 0, 1, dtype);
  for (auto _ : state) {
    Tape tape{{.dtype = dtype}};
    const Var x = variable(pre), c = variable(c0);
    if (!step) {
      auto p = split<4>(x + 0.0);
      benchmark::DoNotOptimize(p);
      continue;
    }
    auto [c1, h1] = step(split<4>(x + 0.0), c);
    if (!backward) continue;
    auto& t = detail::TapeImpl::current();
    t.node(c1.node()).grad = gc;
    t.sweep().run(h1.node(), gh, true);
  }
  count(state, B * H);
}

template <class T> T sigmoid_of(T x) { return 1 / (1 + std::exp(-x)); }

/// Hand-written without a library: scalar loops that keep the activations.
template <class T> void by_hand(benchmark::State& state, bool backward) {
  const std::size_t B = static_cast<std::size_t>(state.range(0)), H = static_cast<std::size_t>(state.range(1)),
                    n = B * H;
  std::vector<T> pre(4 * n, T(.3)), a(4 * n), c(n, T(.2)), c1(n), h(n), gc(n, T(.1)), gh(n, T(.2)), dpre(4 * n), dc(n);
  for (auto _ : state) {
    for (std::size_t r = 0; r < B; ++r)
      for (std::size_t j = 0; j < H; ++j) {
        const T* p = &pre[r * 4 * H + j];
        T* q = &a[r * 4 * H + j];
        q[0] = sigmoid_of(p[0]);
        q[H] = sigmoid_of(p[H]);
        q[2 * H] = std::tanh(p[2 * H]);
        q[3 * H] = sigmoid_of(p[3 * H]);
        const std::size_t k = r * H + j;
        c1[k] = q[H] * c[k] + q[0] * q[2 * H];
        h[k] = q[3 * H] * std::tanh(c1[k]);
      }
    benchmark::ClobberMemory();
    for (std::size_t r = 0; backward && r < B; ++r)
      for (std::size_t j = 0; j < H; ++j) {
        const T* q = &a[r * 4 * H + j];
        T* d = &dpre[r * 4 * H + j];
        const std::size_t k = r * H + j;
        const T t = std::tanh(c1[k]), g = gc[k] + gh[k] * q[3 * H] * (1 - t * t);
        d[0] = g * q[2 * H] * q[0] * (1 - q[0]);
        d[H] = g * c[k] * q[H] * (1 - q[H]);
        d[2 * H] = g * q[0] * (1 - q[2 * H] * q[2 * H]);
        d[3 * H] = gh[k] * t * q[3 * H] * (1 - q[3 * H]);
        dc[k] = g * q[H];
      }
    benchmark::ClobberMemory();
  }
  count(state, static_cast<double>(n));
}

}  // namespace

int main(int argc, char** argv) {
  set_threads(1);
  benchmark::AddCustomContext("isa", name_of(isa()));
  for (const DType d : {f32, f64})
    for (const bool backward : {false, true}) {
      const std::string tail = std::string(backward ? "/both/" : "/forward/") + (d == f32 ? "f32" : "f64");
      const auto shapes = [](auto* b) {
        for (const int H : {64, 128, 200, 256}) b->Args({16, H});
        b->Args({8, 128});
        b->Args({2, 16});
        b->Args({1, 64});
      };
      const auto tape = [&](const char* who, Step s) {
        shapes(benchmark::RegisterBenchmark((who + tail).c_str(),
                                            [=](benchmark::State& st) { tape_step(st, s, d, backward); }));
      };
      if (!backward) tape("operands", nullptr);
      tape("plain", plain);
      tape("fused", fused);
      shapes(benchmark::RegisterBenchmark(("by_hand" + tail).c_str(), [=](benchmark::State& st) {
        d == f32 ? by_hand<float>(st, backward) : by_hand<double>(st, backward);
      }));
    }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
