#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/bidirectional.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace packed_golden_test {

using namespace ebb;
using nlohmann::json;

TEST_CASE("Two bidirectional layers over packed sequences agree with PyTorch's nn.RNN, nn.LSTM and nn.GRU") {
  const json goldens = test::golden("packed.json");
  for (const json& c : goldens["cases"]) {
    const std::string name = c["cell"];
    CAPTURE(name);
    const int I = c["input"], H = c["hidden"];
    Params w{{.dtype = f64}};
    const CellPtr f1 = make_cell(name, w / "1" / "forward", {I, H}), b1 = make_cell(name, w / "1" / "backward", {I, H});
    const CellPtr f2 = make_cell(name, w / "2" / "forward", {2 * H, H}),
                  b2 = make_cell(name, w / "2" / "backward", {2 * H, H});
    REQUIRE(static_cast<std::size_t>(w.count()) == c["parameters"].size());
    for (const auto& [parameter, values] : c["parameters"].items())
      test::set(w, parameter.c_str(), test::array_of(values));
    Lengths lengths({static_cast<int>(c["lengths"].size())});
    for (int k = 0; k < lengths.dim(0); ++k) lengths.data()[k] = c["lengths"][static_cast<std::size_t>(k)];

    Tape tape{{.dtype = f64}};
    const Var x = variable(test::array_of(c["x"]));
    const auto one = bidirectional(*f1, *b1, pack(x, lengths), StepContext()),
               two = bidirectional(*f2, *b2, one.all, StepContext());
    const Var y = unpack(two.all).all();
    CHECK(test::error_of(y.value(), test::array_of(c["outputs"])) < 1e-12);
    Var loss = sum(y * constant(test::array_of(c["weights"])));
    for (int k = 0; k < one.forward.size(); ++k) {  // h, then c
      const Var end = stack({one.forward[k], one.backward[k], two.forward[k], two.backward[k]});
      CHECK(test::error_of(end.value(), test::array_of(c["end"][static_cast<std::size_t>(k)])) < 1e-12);
      loss = loss + sum(end * constant(test::array_of(c["end_weights"][static_cast<std::size_t>(k)])));
    }
    CHECK(loss.item() == Approx(double(c["loss"])).epsilon(1e-12));
    const Grads g = tape.backward(loss);
    CHECK(test::error_of(g[x], test::array_of(c["gradients"]["x"])) < 1e-12);
    for (int k = 0; k < w.count(); ++k) {
      CAPTURE(w[k].name());
      CHECK(test::error_of(g[w[k]], test::array_of(c["gradients"][w[k].name()])) < 1e-12);
    }
  }
}

}  // namespace packed_golden_test
