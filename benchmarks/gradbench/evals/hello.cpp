#include <ebb/autograd/tape.hpp>

#include "../arrays.hpp"
#include "../function.hpp"

namespace {

using namespace ebb;
using gradbench::Json, gradbench::Problem, gradbench::problem, gradbench::json_of;

/// y = x^2, and its derivative, for one number.
Problem hello_square(const Json& input) {
  return problem(
      [x = Array::number(input.get<double>(), f64)] {
        Tape tape{{.dtype = f64}};
        return square(constant(x)).value();
      },
      json_of);
}

Problem hello_double(const Json& input) {
  return problem(
      [x = Array::number(input.get<double>(), f64)] {
        Tape tape{{.dtype = f64}};
        const Var v = variable(x);
        return tape.backward(square(v))[v];
      },
      json_of);
}

const gradbench::Function hello_functions[] = {{"hello::square", hello_square}, {"hello::double", hello_double}};

}  // namespace
