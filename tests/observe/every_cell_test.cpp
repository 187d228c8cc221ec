#include <ebb/autograd/grad.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/observe/curvature.hpp>
#include <ebb/observe/parameter_vector.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/reduce.hpp>

#include "catch.hpp"

namespace every_cell_test {

using namespace ebb;

TEST_CASE("The product with the Hessian is the change of the gradient along a vector, for every cell") {
  constexpr int T = 3, B = 2, I = 3, H = 4;
  const Array x = normal({T, B, I}, Key{1}.named("x"), 0, 1, f64);
  for (const CellInfo& info : cell_list()) {
    if (info.name.rfind("test-", 0) == 0) continue;
    INFO(info.name);
    Params w{{.dtype = f64}};
    const CellPtr cell = make_cell(info.name, w / "cell", {I, H});
    const auto loss = [&] {
      return mean(
          square(unroll(*cell, constant(x), StepContext({.seed = 3})).last() - constant(Array::full({B, H}, .3, f64))));
    };
    const detail::ParameterVector parameters(detail::trained_leaves(w));
    if (parameters.count() == 0) continue;  // henon
    const auto gradient = [&](const Array& theta) {
      const Tape tape{{.dtype = f64}};
      const Var at = variable(theta);
      const detail::BoundParameters bound(parameters, at);
      return grad(loss(), {at})[0].value();
    };
    const Array theta = parameters.values(), v = normal(theta.shape(), Key{2}, 0, 1, f64);
    const double step = 1e-5;
    const Array difference = (gradient(theta + v * step) - gradient(theta - v * step)) * (.5 / step);
    const HessianProduct hessian({w, loss});
    CHECK(largest_magnitude(hessian(v) - difference) < 1e-7 * (1 + largest_magnitude(difference)));
  }
}

}  // namespace every_cell_test
