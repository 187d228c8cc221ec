// Every op of the list, recorded and swept: elementwise ops on [32, 128], as in a cell, others on gradcheck's samples.
//   bench_ops --benchmark_filter=tanh
#include <benchmark/benchmark.h>

#include <ebb/autograd/op_list.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/ops/pointwise_list.hpp>
#include <ebb/ops/random.hpp>
#include <memory>

using namespace ebb;

namespace {

void run(benchmark::State& state, const OpSample& op, const std::vector<Shape>& shapes, bool backward) {
  std::vector<Array> numbers;
  std::int64_t largest = 0;
  for (std::size_t k = 0; k < shapes.size(); ++k) {
    numbers.push_back(uniform(shapes[k], Key{1}.named(op.name).at(k), op.low, op.high));
    largest = std::max(largest, shapes[k].size());
  }
  for (auto _ : state) {
    Tape tape;
    std::vector<Var> in;
    for (const Array& a : numbers) in.push_back(variable(a));
    const Var y = op.call(in);
    if (backward) benchmark::DoNotOptimize(tape.backward(y.rank() ? sum(y) : y));
    else benchmark::DoNotOptimize(y.value().raw());
  }
  state.SetItemsProcessed(state.iterations() * largest);
}

void add(const OpSample& op, const std::vector<Shape>& shapes, const std::string& size) {
  for (const bool backward : {false, true})
    benchmark::RegisterBenchmark((std::string(op.name) + size + (backward ? " forward, backward" : " forward")).c_str(),
                                 [op, shapes, backward](benchmark::State& s) { run(s, op, shapes, backward); });
}

}  // namespace

int main(int argc, char** argv) {
  // The elementwise ops come first in the list.
  const std::vector<OpSample> ops = shipped_ops();
  const auto elementwise = static_cast<std::size_t>(pointwise::List::count);
  for (std::size_t k = 0; k < ops.size(); ++k) {
    if (k < elementwise) add(ops[k], std::vector<Shape>(ops[k].shapes[0].size(), Shape{32, 128}), " [32, 128]");
    else add(ops[k], ops[k].shapes[0], "");
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
