// The overhead of a trivial op: nanoseconds to record it and to sweep it. Both should stay under 60 ns.
//   bench_tiny_ops
#include <benchmark/benchmark.h>

#include <ctime>
#include <ebb/autograd/op.hpp>
#include <ebb/autograd/tape.hpp>

using namespace ebb;

namespace {

constexpr int chain = 4096;  // ops per tape

// The identity, so that only the tape's work is measured.
struct Same {
  static constexpr auto name = "same";
  static constexpr unsigned needs = need_nothing;
  Array value(const Array& x) const { return x; }
  Array vjp(const Array& g, const Array&, const Array&) const { return g; }
};

// CPU time of this thread, so that other programs do not count.
double nanoseconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return 1e9 * static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec);
}

// Times one phase at a time: a long chain is recorded, then swept.
template <class F> void run(benchmark::State& state, const Shape& shape, F&& op) {
  double recorded = 0, swept = 0;
  std::int64_t ops = 0;
  for (auto _ : state) {
    Tape tape;
    const Var x = variable(Array::full(shape, .5, f32)), one = variable(Array::full(shape, 1, f32));
    Var y = x;
    const double begin = nanoseconds();
    for (int k = 0; k < chain; ++k) y = op(y, one);
    recorded += nanoseconds() - begin;
    const Var loss = sum(y);
    const double turn = nanoseconds();
    benchmark::DoNotOptimize(tape.backward(loss));
    swept += nanoseconds() - turn;
    ops += chain;
  }
  state.counters["recorded_ns"] = recorded / static_cast<double>(ops);
  state.counters["swept_ns"] = swept / static_cast<double>(ops);
}

void same(benchmark::State& s) {
  run(s, {1}, [](const Var& y, const Var&) { return apply(Same{}, y); });
}
void negated(benchmark::State& s) {
  run(s, {1}, [](const Var& y, const Var&) { return -y; });
}
void added(benchmark::State& s) {
  run(s, {1}, [](const Var& y, const Var& one) { return y + one; });
}
void multiplied(benchmark::State& s) {  // both inputs are kept
  run(s, {1}, [](const Var& y, const Var& one) { return y * one; });
}
void row_added(benchmark::State& s) {
  run(s, {8, 64}, [](const Var& y, const Var& one) { return y + one; });
}

BENCHMARK(same);
BENCHMARK(negated);
BENCHMARK(added);
BENCHMARK(multiplied);
BENCHMARK(row_added)->Name("added [8, 64]");

}  // namespace

BENCHMARK_MAIN();
