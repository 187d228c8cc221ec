#include <ebb/autograd/fuse.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/ops/error.hpp>

#include "../arrays.hpp"
#include "../function.hpp"

namespace {

using namespace ebb;
using gradbench::Json, gradbench::Problem, gradbench::problem, gradbench::json_of;

struct OdeInput {
  Array x;    // [N]
  int steps;  // of Runge and Kutta, from t = 0 to 2
};

OdeInput ode_input(const Json& input) {
  OdeInput in{gradbench::vector_in(input, "x"), input.at("s").get<int>()};
  if (in.x.size() < 2 || in.steps < 1) throw ValueError("x must have at least two numbers, and s be at least 1");
  return in;
}

/// y(2) of y_0' = x_0, y_i' = x_i y_(i-1), y(0) = 0, by the classical Runge-Kutta method.
///
/// Shapes    x, y [N]
Var ode_solution(const Var& x, int step_count) {
  const int N = x.dim(0);
  const double h = 2.0 / step_count;
  const Var first = range(x, 0, 1), others = range(x, 1, N);
  const auto slope = [&](const Var& y) { return concat({first, others * range(y, 0, N - 1)}, 0); };
  const auto ahead = [](const Var& y, const Var& k, double dt) {
    return fuse([](auto y, auto k, auto dt) { return y + dt * k; }, y, k, dt);
  };
  Var y = zeros({N});
  for (int t : steps(step_count)) {
    (void)t;
    const Var k1 = slope(y), k2 = slope(ahead(y, k1, h / 2)), k3 = slope(ahead(y, k2, h / 2)),
              k4 = slope(ahead(y, k3, h));
    y = fuse([](auto y, auto a, auto b, auto c, auto d, auto w) { return y + w * (a + 2.0 * (b + c) + d); }, y, k1, k2,
             k3, k4, h / 6);
  }
  return y;
}

Problem ode_primal(const Json& input) {
  return problem(
      [in = ode_input(input)] {
        Tape tape{{.dtype = f64}};
        const NoGrad off;
        return ode_solution(constant(in.x), in.steps).value();
      },
      json_of);
}

/// The gradient of the last element of y.
Problem ode_gradient(const Json& input) {
  return problem(
      [in = ode_input(input)] {
        Tape tape{{.dtype = f64}};
        const Var x = variable(in.x);
        return tape.backward(ode_solution(x, in.steps)[-1])[x];
      },
      json_of);
}

const gradbench::Function ode_functions[] = {{"ode::primal", ode_primal}, {"ode::gradient", ode_gradient}};

}  // namespace
