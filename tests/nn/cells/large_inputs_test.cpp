#include <cmath>
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/unroll.hpp>

#include "catch.hpp"

namespace large_inputs_test {

using namespace ebb;

/// Unscaled inputs. Gates saturate, their ratios become 0 / 0 and squares overflow, but a cell's results must be finite
/// wherever the float64 result fits the type.
namespace {

constexpr int T = 6, B = 4, I = 5, H = 8;

/// All outputs, and the gradients of each parameter and of the input for a random weighted sum of the outputs.
struct Outcome {
  std::vector<std::string> names;
  std::vector<Array> values;

  void add(const std::string& name, const Array& a) {
    names.push_back(name);
    values.push_back(a.to(f64).compact());
  }
};

Outcome outcome(const std::string& name, const Array& x, DType dtype, std::uint64_t seed) {
  Params w{{.seed = seed}}, in{{.dtype = f64}};
  const CellPtr cell = make_cell(name, w / "", {I, H});
  const Leaf input = in.add("x", x);
  const Result r = backward(w, {.rows = B, .dtype = dtype, .shards = 1}, [&](Shard& s) {
    const Run run = unroll(*cell, Sequence(slice(input, 1, 0, B)), s.context());
    s.out("outputs", transpose(run.all(), {1, 0, 2}));
    return s.sum(run.all() * constant(uniform({T, B, H}, Key{seed}.named("loss"), -1, 1, f64)));
  });
  Outcome o;
  o.add("outputs", r.rows("outputs"));
  o.add("gradient of x", r.grads[input]);
  for (int k = 0; k < w.count(); ++k)
    if (w[k].trained()) o.add(std::string("gradient of ") + w[k].name(), r.grads[w[k]]);
  return o;
}

}  // namespace

TEST_CASE("Every cell is finite on large unscaled inputs, forward and backward, in both types") {
  std::vector<std::string> names;
  for (const CellInfo& cell : cell_list())
    if (cell.file.find("tests/") == std::string::npos) names.push_back(cell.name);  // the others are of other tests
  CHECK(names.size() >= 32);
  for (const char* options : {"antisymmetric:gate=input", "mingru:eigenvalues=signed", "lru-real:eigenvalues=positive",
                              "qrnn:pool=f,window=4", "qrnn:pool=ifo", "mlstm:heads=1"})
    names.push_back(options);
  for (const char* variant : {"nig", "nfg", "nog", "niaf", "noaf", "np", "cifg"})
    names.push_back(std::string("lstm-greff:variant=") + variant);
  for (const std::string& name : names)
    for (const double scale : {60., 1e4, 1e10, 1e20, 1e30})
      for (const std::uint64_t seed : {1u, 2u, 3u}) {
        const Array x = normal({T, B, I}, Key{seed}.named("x"), 0, scale, f32).to(f64);
        const Outcome exact = outcome(name, x, f64, seed), single = outcome(name, x, f32, seed);
        for (std::size_t k = 0; k < exact.values.size(); ++k) {
          std::int64_t odd = 0, lost = 0;
          for (std::int64_t i = 0; i < exact.values[k].size(); ++i) {
            const double want = exact.values[k].at_flat(i);
            odd += !std::isfinite(want);
            lost += std::abs(want) < 1e38 && !std::isfinite(single.values[k].at_flat(i));
          }
          INFO(name << " " << exact.names[k] << " at " << scale << " seed " << seed);
          CHECK(odd == 0);
          CHECK(lost == 0);
        }
      }
}

namespace {

/// h after `steps` steps of a cell with one unit on x = 0 with the given bias, and the gradient of the bias.
std::pair<double, Array> of_bias(const char* name, const Array& bias, int steps, DType dtype) {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell(name, w / "", {1, 1});
  const Leaf b = w.find("b");
  w.edit()[b].assign(bias);
  const Result r = backward(w, {.rows = 1, .dtype = dtype}, [&](Shard& s) {
    return s.sum(unroll(*cell, Sequence(zeros({steps, 1, 1})), s.context()).last());
  });
  return {r.loss, r.grads[b].to(f64)};
}

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

TEST_CASE("minLSTM's gates have the correct ratio where both underflow") {
  for (const DType dtype : {f32, f64})
    for (const double x : {-1., -86., -88., -700., -1e4, -1e30}) {
      const auto [h, g] = of_bias("minlstm", Array::from({3}, {x, x, 0}, f64), 1, dtype);
      INFO(x << " " << name_of(dtype));
      CHECK(h == Approx(.25));                                  // half of g(0) = 1/2
      CHECK(g.at({0}) == Approx(-.125 * (1 - sigmoid_of(x))));  // F (1 - F) (1 - sigmoid(f)) (h - g(n))
      CHECK(g.at({1}) == Approx(.125 * (1 - sigmoid_of(x))));
    }
  for (const DType dtype : {f32, f64})
    for (const double x : {-86., -700., -1e4})  // the input gate is e times the forget gate
      CHECK(of_bias("minlstm", Array::from({3}, {x, x + 1, 0}, f64), 1, dtype).first ==
            Approx(.5 / (1 + std::exp(-1))));
}

TEST_CASE("sLSTM's first step writes for any input gate, and later steps weigh the past against it") {
  for (const DType dtype : {f32, f64})
    for (const double i : {0., -9'999., -11'000., -1e30}) {
      const Array bias = Array::from({4}, {i, 1, .5, .5}, f64);
      INFO(i << " " << name_of(dtype));
      const double once = sigmoid_of(.5) * std::tanh(.5);
      const auto [h, g] = of_bias("slstm", bias, 1, dtype);
      CHECK(h == Approx(once));
      CHECK(g.at({0}) == 0);
      CHECK(g.at({2}) == Approx(sigmoid_of(.5) * (1 - std::tanh(.5) * std::tanh(.5))));
      CHECK(of_bias("slstm", bias, 3, dtype).first == Approx(once));  // a mean of equal candidates
    }
}

}  // namespace large_inputs_test
