// Nanoseconds per element of every op in the list, of its adjoints and of the reductions, on one thread.
#include <benchmark/benchmark.h>
#include <ebb/ops/isa.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/pointwise.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/reduce.hpp>
#include <string>

using namespace ebb;
namespace pw = ebb::pointwise;

namespace {

void per_element(benchmark::State& state, std::int64_t n) {
  state.counters["ns/element"] = benchmark::Counter(
      1e-9 * static_cast<double>(n), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.SetLabel(name_of(isa()));
}

/// Operands in the op's domain, [32, n] each.
template <class O> struct Operands {
  Array in[3];
  Operands(int n, DType t) {
    for (int k = 0; k < pw::arity<O>; ++k)
      in[k] = uniform({32, n}, Key{static_cast<std::uint64_t>(k)}, O::low, O::high, t);
  }
};

template <class O> void value(benchmark::State& state, DType t) {
  const Operands<O> x(static_cast<int>(state.range(0)), t);
  for (auto _ : state) benchmark::DoNotOptimize(pw::value(pw::id<O>, x.in, pw::arity<O>));
  per_element(state, 32 * state.range(0));
}

template <class O> void adjoint(benchmark::State& state, DType t) {
  const Operands<O> x(static_cast<int>(state.range(0)), t);
  const Array y = pw::value(pw::id<O>, x.in, pw::arity<O>), g = y.copy();
  Array out = Array::zeros(y.shape(), t);
  for (auto _ : state) pw::vjp(pw::id<O>, 0, g, x.in, pw::arity<O>, y, out, true);
  per_element(state, 32 * state.range(0));
}

template <class... O> void all_ops(pw::TypeList<O...>) {
  for (DType t : {f32, f64}) {
    const std::string type = std::string("/") + name_of(t);
    (benchmark::RegisterBenchmark((O::name + type).c_str(), value<O>, t)->Arg(128), ...);
    (benchmark::RegisterBenchmark(("adjoint of " + std::string(O::name) + type).c_str(), adjoint<O>, t)->Arg(128), ...);
  }
}

template <class F> void reduction(const char* name, F f) {
  benchmark::RegisterBenchmark(name,
                               [f](benchmark::State& state) {
                                 const Array x = uniform({32, static_cast<int>(state.range(0))}, Key{1}, -1, 1);
                                 for (auto _ : state) benchmark::DoNotOptimize(f(x));
                                 per_element(state, x.size());
                               })
      ->Arg(128)
      ->Arg(1000);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  set_threads(1);
  all_ops(pw::List{});
  reduction("sum of rows", [](const Array& x) { return sum(x, 1); });
  reduction("sum of columns", [](const Array& x) { return sum(x, 0); });
  reduction("largest of rows", [](const Array& x) { return amax(x, 1); });
  reduction("softmax", [](const Array& x) { return softmax(x); });
  reduction("logsumexp", [](const Array& x) { return logsumexp(x); });
  reduction("argmax", [](const Array& x) { return argmax(x); });
  reduction("uniform", [](const Array& x) { return uniform(x.shape(), Key{1}, 0, 1); });
  reduction("normal", [](const Array& x) { return normal(x.shape(), Key{1}, 0, 1); });
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
