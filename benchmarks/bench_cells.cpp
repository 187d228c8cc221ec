// Training steps of cells: forward and backward over T steps, with the mean square of the last hidden state as the
// loss. Every registered cell at one size; the cells of benchmarks/compare (bench-...) at that comparison's sizes.
//   bench_cells --benchmark_filter='bench-lstm.*100/32/128'
//   bench_cells --benchmark_filter=denormals     long sequences, with and without denormal numbers in the backward pass
#include <benchmark/benchmark.h>

#include <ebb/autograd/engine.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/parallel.hpp>

using namespace ebb;

namespace {

struct Sizes {
  int T, B, I, H;
};
constexpr Sizes compared[] = {{100, 32, 64, 64},  {100, 32, 128, 128}, {100, 64, 256, 256}, {784, 32, 1, 128},
                              {35, 20, 200, 200}, {1000, 16, 64, 64},  {100, 1, 64, 64}};

// Over so many steps the gradient vanishes, on its way through the denormal numbers.
constexpr Sizes vanishing[] = {{256, 32, 64, 64}, {784, 32, 128, 128}, {4096, 32, 64, 64}};

void step(benchmark::State& state, const std::string& cell, Sizes z, int threads, bool flush) {
  set_threads(threads);
  engine().flush = flush;
  Params w;
  const CellPtr made = make_cell(cell, w / "cell", {z.I, z.H});
  const Array x = normal({z.T, z.B, z.I}, Key{1}, 0, 1);
  std::int64_t kept = 0;
  for (auto _ : state) {
    const Result r = backward(w, {.rows = z.B}, [&](Shard& s) {
      const Run run = unroll(*made, s.sequence(x), s.context());
      return s.mean_rows(mean(square(run.last()), {-1}));
    });
    kept = r.kept_bytes;
    Edit as_an_optimiser_would{w};  // so that values derived from the weights are recomputed, as in training
  }
  state.counters["kept_bytes"] = static_cast<double>(kept);
  state.counters["kept_per_row_step_H"] = static_cast<double>(kept) / (4.0 * z.T * z.B * z.H);
}

void add(const std::string& cell, Sizes z, int threads, const char* what = "", bool flush = true) {
  const std::string name = cell + "/" + std::to_string(z.T) + "/" + std::to_string(z.B) + "/" + std::to_string(z.I) +
                           "/" + std::to_string(z.H) + "/threads:" + std::to_string(threads) + what;
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& s) { step(s, cell, z, threads, flush); })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

}  // namespace

int main(int argc, char** argv) {
  const int most = threads();
  for (const CellInfo& c : cell_list()) {
    const bool in_comparison = c.name.rfind("bench-", 0) == 0;
    for (const Sizes& z : compared) {
      if (!in_comparison && z.H != 128) continue;
      if (!in_comparison && z.I == 1) continue;
      add(c.name, z, 1);
      if (most > 1) add(c.name, z, most);
    }
    if (!in_comparison) continue;
    for (const Sizes& z : vanishing) {
      add(c.name, z, 1, "/denormals:flushed", true);
      add(c.name, z, 1, "/denormals:kept", false);
    }
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
