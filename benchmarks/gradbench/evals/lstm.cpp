#include "../arrays.hpp"
#include "lstm_input.hpp"

namespace {

using namespace ebb;
using gradbench::Json, gradbench::Problem, gradbench::problem, gradbench::json_of, gradbench::LstmInput;

Var loss_in_form(gradbench::LstmForm form, const LstmInput& in, const Var& layers, const Var& ends) {
  const Var x = constant(in.characters.range(0, in.T)) * ends[0];
  return lstm_loss(in, form(in, gradbench::LstmGates::of(layers, in), x), ends);
}

template <gradbench::LstmForm form> Problem lstm_objective(const Json& input) {
  return problem(
      [in = LstmInput::read(input)] {
        Tape tape{{.dtype = f64}};
        const NoGrad off;
        return loss_in_form(form, in, constant(in.layers), constant(in.ends)).value();
      },
      json_of);
}

/// The gradient of main_params and then extra_params, each row by row.
template <gradbench::LstmForm form> Problem lstm_jacobian(const Json& input) {
  return problem(
      [in = LstmInput::read(input)] {
        Tape tape{{.dtype = f64}};
        const Var layers = variable(in.layers), ends = variable(in.ends);
        const Grads g = tape.backward(loss_in_form(form, in, layers, ends));
        return std::pair{g[layers], g[ends]};
      },
      [](const std::pair<Array, Array>& g) {
        Json list = json_of(g.first.reshape({-1}));
        for (const Json& x : json_of(g.second.reshape({-1}))) list.push_back(x);
        return list;
      });
}

using gradbench::lstm_textbook, gradbench::lstm_wavefront;
const gradbench::Function lstm_functions[] = {{"lstm::objective", lstm_objective<lstm_wavefront>},
                                              {"lstm::jacobian", lstm_jacobian<lstm_wavefront>},
                                              {"lstm::objective-textbook", lstm_objective<lstm_textbook>},
                                              {"lstm::jacobian-textbook", lstm_jacobian<lstm_textbook>}};

}  // namespace
