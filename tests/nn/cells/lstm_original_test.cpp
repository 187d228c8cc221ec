#include <cmath>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/reduce.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace lstm_original_test {

using namespace ebb;

TEST_CASE("The LSTM of 1997 has as many weights as its paper states") {
  struct Network {
    const char* cell;
    int inputs, cells, outputs;
    std::int64_t weights;
  };
  // Experiments 4 and 6a, where all units have biases.
  for (const Network& n : {Network{"lstm-original", 2, 4, 1, 93}, Network{"lstm-original", 8, 4, 4, 156}}) {
    CAPTURE(n.cell, n.inputs);
    Params w;
    make_cell(n.cell, w / "cell", {n.inputs, n.cells});
    std::int64_t count = std::int64_t{n.cells + 1} * n.outputs;
    for (const char* name : {"cell/Wx", "cell/Wh", "cell/b"}) count += w.find(name).value().size();
    CHECK(count == n.weights);
  }
}

TEST_CASE("The gates of block k start with k times the given bias") {
  Params plain{{.seed = 3}}, biased{{.seed = 3}};
  make_cell("lstm-original", plain / "cell", {3, 6});
  make_cell("lstm-original:input_bias=-3,output_bias=-1", biased / "cell", {3, 6});
  const Array b = plain.find("cell/b").value(), c = biased.find("cell/b").value();
  const double more[] = {0, 0, 0, 0, 0, 0, -3, -6, -9, -1, -2, -3};
  for (int k = 0; k < 12; ++k) CHECK(c.at({k}) - b.at({k}) == Approx(more[k]).margin(1e-5));
}

TEST_CASE("A truncated gradient reaches the past through the cells alone") {
  for (const bool truncated : {false, true}) {
    CAPTURE(truncated);
    Params w{{.dtype = f64}};
    const CellPtr cell = make_cell(truncated ? "lstm-original:gradient=truncated" : "lstm-original", w / "", {3, 4});
    Tape tape{{.dtype = f64}};
    State start = cell->initial_state(2);
    start["h"] = variable(normal({2, 4}, Key{1}, 0, 1, f64));
    start["c"] = variable(normal({2, 4}, Key{2}, 0, 1, f64));
    start["gates"] = variable(uniform({2, 4}, Key{3}, 0, 1, f64));
    const Sequence x(constant(normal({5, 2, 3}, Key{4}, 0, 1, f64)));
    const Var y = sum(square(unroll(*cell, x, start, StepContext{}).last()));
    const std::vector<Var> g = grad(y, {start["h"], start["c"], start["gates"]});
    const auto size = [](const Var& v) { return sum(square(v.value())).item(); };
    CHECK((size(g[0]) == 0) == truncated);
    CHECK((size(g[2]) == 0) == truncated);
    CHECK(size(g[1]) > 0);
  }
}

TEST_CASE("A block of cells must divide the hidden size") {
  Params w;
  CHECK_THROWS_AS(make_cell("lstm-original:block=3", w / "", {3, 4}), ValueError);
}

}  // namespace lstm_original_test
