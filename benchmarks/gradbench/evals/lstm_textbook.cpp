#include "lstm_input.hpp"

namespace gradbench {

using namespace ebb;

/// Step by step and layer by layer, in plain operators.
Var lstm_textbook(const LstmInput& in, const LstmGates& k, const Var& x) {
  std::vector<Var> h, c, top;
  for (int l = 0; l < in.L; ++l) {
    h.push_back(constant(in.state[2 * l]));
    c.push_back(constant(in.state[2 * l + 1]));
  }
  struct Layer {
    Var wf, wi, wo, wg, bf, bi, bo, bg;
  };
  std::vector<Layer> layers;
  for (int l = 0; l < in.L; ++l)
    layers.push_back({k.wf[l], k.wi[l], k.wo[l], k.wg[l], k.bf[l], k.bi[l], k.bo[l], k.bg[l]});

  for (int t : steps(in.T)) {
    Var below = x[t];
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const Layer& w = layers[l];
      const Var f = sigmoid(below * w.wf + w.bf), i = sigmoid(h[l] * w.wi + w.bi);
      const Var o = sigmoid(below * w.wo + w.bo), g = tanh(h[l] * w.wg + w.bg);
      c[l] = f * c[l] + i * g;
      h[l] = o * tanh(c[l]);
      below = h[l];
    }
    top.push_back(below);
  }
  return stack(top);
}

}  // namespace gradbench
