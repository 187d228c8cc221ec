#include "lstm_input.hpp"

#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

#include "../arrays.hpp"

namespace gradbench {

using namespace ebb;

LstmInput LstmInput::read(const Json& input) {
  LstmInput in{.layers = matrix_in(input, "main_params"),
               .ends = matrix_in(input, "extra_params"),
               .state = matrix_in(input, "state"),
               .characters = matrix_in(input, "sequence"),
               .L = 0,
               .T = 0,
               .b = 0};
  in.L = in.layers.dim(0) / 2;
  in.T = in.characters.dim(0) - 1;
  in.b = in.characters.dim(1);
  const auto expect = [](const char* name, const Array& x, const Shape& shape) {
    if (!(x.shape() == shape))
      throw ValueError(std::string(name) + " is " + text(x.shape()) + ", expected " + text(shape));
  };
  if (in.L < 1 || in.T < 1) throw ValueError("a layer and two characters are needed");
  expect("main_params", in.layers, {2 * in.L, 4 * in.b});
  expect("extra_params", in.ends, {3, in.b});
  expect("state", in.state, {2 * in.L, in.b});
  return in;
}

LstmGates LstmGates::of(const Var& layers, const LstmInput& in) {
  const Var k = transpose(reshape(layers, {in.L, 8, in.b}), {1, 0, 2});
  return {.wf = k[0], .wi = k[1], .wo = k[2], .wg = k[3], .bf = k[4], .bi = k[5], .bo = k[6], .bg = k[7]};
}

Var lstm_loss(const LstmInput& in, const Var& h, const Var& ends) {
  const Var p = h * ends[1] + ends[2];
  const Var y = constant(in.characters.range(1, in.T + 1));
  return -mean(y * (p - log(2 + sum(exp(p), {-1}, Keep::yes))));
}

}  // namespace gradbench
