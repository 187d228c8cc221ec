#include <algorithm>
#include <ebb/autograd/fuse.hpp>

#include "lstm_input.hpp"

namespace gradbench {

using namespace ebb;

namespace {

/// One step of layers [first, last), each at its own time. Shapes: all [last - first, b]; k of all layers
std::pair<Var, Var> wavefront_step(const LstmGates& k, int first, int last, const Var& x, const Var& h, const Var& c) {
  const auto rows = [&](const Var& w) { return last - first == w.dim(0) ? w : range(w, first, last); };
  return fuse(
      [](auto x, auto h, auto c, auto wf, auto wi, auto wo, auto wg, auto bf, auto bi, auto bo, auto bg) {
        auto c1 = sigmoid(x * wf + bf) * c + sigmoid(h * wi + bi) * tanh(h * wg + bg);
        return std::pair{sigmoid(x * wo + bo) * tanh(c1), c1};
      },
      x, h, c, rows(k.wf), rows(k.wi), rows(k.wo), rows(k.wg), rows(k.bf), rows(k.bi), rows(k.bo), rows(k.bg));
}

}  // namespace

/// All layers at once, layer l at time s - l in step s: what it reads, h of the layer below at that time and its own
/// state before it, are then the result of step s - 1. So T + L - 1 steps of L b elements take the place of T L steps
/// of b elements: recording an op costs more than computing 14 elements, the bits of a character.
///
/// In the first L - 1 steps the upper layers have not begun; in the last L - 1 the lower ones have ended.
Var lstm_wavefront(const LstmInput& in, const LstmGates& k, const Var& x) {
  const int L = in.L, T = in.T;
  const auto initial = [&](int row) { return constant(in.state.range(row, row + 1)); };
  Var h, c;  // of layers [first, last)
  std::vector<Var> top;
  int last = 0;
  for (int s : steps(T + L - 1)) {
    const int first = std::max(0, s - T + 1);
    if (last < L) {
      h = last == 0 ? initial(0) : concat({h, initial(2 * last)}, 0);
      c = last == 0 ? initial(1) : concat({c, initial(2 * last + 1)}, 0);
      ++last;
    }
    const int layers = last - first;
    Var below;
    if (s < T) {
      below = layers == 1 ? range(x, s, s + 1) : concat({range(x, s, s + 1), range(h, 0, layers - 1)}, 0);
    } else {  // layer first - 1 has ended: it is only read
      below = range(h, 0, layers);
      h = range(h, 1, layers + 1);
      c = range(c, 1, layers + 1);
    }
    std::tie(h, c) = wavefront_step(k, first, last, below, h, c);
    if (last == L && s >= L - 1) top.push_back(range(h, layers - 1, layers));
  }
  return concat(top, 0);
}

}  // namespace gradbench
