#include <ebb/autograd/tape.hpp>

#include "../arrays.hpp"
#include "../function.hpp"

namespace {

using namespace ebb;
using gradbench::Json, gradbench::Problem, gradbench::problem, gradbench::json_of;

/// The logarithm of a sum of exponentials, from its parts as the eval asks, not by Ebb's logsumexp.
///
///     y = a + log sum_i exp(x_i - a),  a = max_i x_i
///
/// Shapes    x [N]; y a scalar
Var lse(const Var& x) {
  const Var a = amax(x);
  return a + log(sum(exp(x - a)));
}

Problem lse_primal(const Json& input) {
  return problem(
      [x = gradbench::vector_in(input, "x")] {
        Tape tape{{.dtype = f64}};
        return lse(constant(x)).value();
      },
      json_of);
}

Problem lse_gradient(const Json& input) {
  return problem(
      [x = gradbench::vector_in(input, "x")] {
        Tape tape{{.dtype = f64}};
        const Var v = variable(x);
        return tape.backward(lse(v))[v];
      },
      json_of);
}

const gradbench::Function lse_functions[] = {{"lse::primal", lse_primal}, {"lse::gradient", lse_gradient}};

}  // namespace
