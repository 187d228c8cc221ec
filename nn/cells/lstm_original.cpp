#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// Long short-term memory as it was first published: cells in blocks, each with one input and one output gate, and no
/// forget gates. Cells and gates see the last outputs of all cells and of all gates.
///
///     [g i o] = x Wx + [h gates] Wh + b;   i' = sigmoid(i),  o' = sigmoid(o), one of each in a block
///     c' = c + i' * (4 sigmoid(g) - 2);   h' = o' * (2 sigmoid(c') - 1);   gates' = [i' o']
///
/// With gradient=truncated, as in the paper, errors do not pass from [h gates] into the past: they travel back in time
/// in the cells alone. The gradient then is not that of the loss.
///
/// Shapes    x [B, I]; h, c [B, H]; gates [B, 2K], K = H / block; Wx [I, H + 2K], Wh [H + 2K, H + 2K], b [H + 2K]
/// Options   block=2, cells in a block (1 if H is odd); gradient=full|truncated; input_bias=0, output_bias=0: the gates
///           of block k = 1 ... K start with k times that bias, as -1 or -3 in the paper
/// Init      Wx, Wh uniform in +-.1; b likewise, plus the biases of the gates
/// Numerics  without a forget gate c is unbounded; h is not
/// Cost      2 (H + 2K) (I + H + 2K) flops per row and step
/// Source    Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735, sections 4 and 5 and appendix A.1
/// Differs   no conventional hidden units beside the cells
struct LstmOriginal {
  struct State {
    Var h, c, gates;
  };
  Param Wx, Wh, b;
  int cells, block;
  bool truncated;

  LstmOriginal(Builder p, CellSizes s) : cells(s.hidden) {
    block = p.whole("block", cells % 2 == 0 ? 2 : 1, 1, 1000, "cells in a block");
    if (cells % block != 0) p.reject("block", "must divide the hidden size");
    truncated = p.choice("gradient", "full|truncated",
                         "truncated: errors travel back in time in the cells alone, as in the paper") == 1;
    const double in = p.option("input_bias", 0, "k times this is the initial bias of block k's input gate");
    const double out = p.option("output_bias", 0, "the same for its output gate");
    const int blocks = cells / block, width = cells + 2 * blocks;
    const Init start = uniform_init(-.1, .1);
    Wx = p.matrix("Wx", s.input, width, start);
    Wh = p.matrix("Wh", width, width, start);
    Array bias = p.initial_values("b", {width}, start);
    for (int k = 0; k < blocks; ++k) {
      bias.set_flat(cells + k, bias.at_flat(cells + k) + (k + 1) * in);
      bias.set_flat(cells + blocks + k, bias.at_flat(cells + blocks + k) + (k + 1) * out);
    }
    b = p.trained("b", bias);
    p.state("h", &State::h, {cells});
    p.state("c", &State::c, {cells});
    p.state("gates", &State::gates, {2 * blocks});
  }

  State step(const Var& x, const State& s) const { return next(x, s, s.h); }
  State step(const Var& x, const State& s, const StateDrop& d) const { return next(x, s, d.state(s.h)); }

 private:
  /// The step; `seen` is the h that enters the recurrent product, with or without dropout.
  State next(const Var& x, const State& s, const Var& seen) const {
    const int blocks = cells / block, width = cells + 2 * blocks;
    const Var last = concat({seen, s.gates});
    const Var pre = matmul(x, Wx) + matmul(truncated ? detach(last) : last, Wh) + b;
    const Var gates = sigmoid(slice(pre, -1, cells, width));
    const Var i = watch("i", slice(gates, -1, 0, blocks)), o = watch("o", slice(gates, -1, blocks, 2 * blocks));
    const Var g = watch("g", 2 * tanh(.5 * slice(pre, -1, 0, cells)));  // 4 sigmoid - 2
    const Var c = s.c + of_each(i) * g;
    return {.h = of_each(o) * tanh(.5 * c), .c = c, .gates = gates};
  }

  /// A gate of each block [B, K] for each of its cells [B, H].
  Var of_each(const Var& gate) const {
    if (block == 1) return gate;
    const int rows = gate.dim(0), blocks = cells / block;
    return reshape(broadcast_to(reshape(gate, {rows, blocks, 1}), {rows, blocks, block}), {rows, cells});
  }
};
EBB_CELL_NAMED(lstm_original, "lstm-original", LstmOriginal,
               "LSTM as first published, blocks of cells without forget gates, Hochreiter & Schmidhuber 1997");

}  // namespace
}  // namespace ebb
