#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/nn/cells/gate_bias.hpp>

namespace ebb {
namespace {

/// Long short-term memory with peepholes: elementwise weights from the cell state to the gates.
///
///     [i f g o] = x Wx + h Wh + b
///     c' = sigmoid(f + pf * c) * c + sigmoid(i + pi * c) * tanh(g);   h' = sigmoid(o + po * c') * tanh(c')
///
/// Shapes    x [B, I]; h, c [B, H]; Wx [I, 4H], Wh [H, 4H], b [4H]; pi, pf, po [H]
/// Options   forget_bias=1, the initial value of b's forget block; 0: initialised like the rest
/// Init      all uniform in +-1/sqrt(H); forget block of b one
/// Cost      8 H (I + H) flops per row and step
/// Source    Gers & Schmidhuber 2000, doi:10.1109/IJCNN.2000.861302; Greff et al. 2015, arXiv:1503.04069
struct LstmPeephole {
  struct State {
    Var h, c;
  };
  Param Wx, Wh, b, pi, pf, po;

  LstmPeephole(Builder p, CellSizes s) {
    const int H = s.hidden;
    Wx = p.matrix("Wx", s.input, 4 * H);
    Wh = p.matrix("Wh", H, 4 * H);
    const double forget = p.option("forget_bias", 1, "initial bias of the forget gate; 0: like the others");
    b = gate_bias(p, "b", H, 4, {.block = 1, .bias = forget, .write = 0});
    pi = p.vector("pi", H);
    pf = p.vector("pf", H);
    po = p.vector("po", H);
    p.state("h", &State::h, {H});
    p.state("c", &State::c, {H});
  }

  State step(const Var& x, const State& s) const {
    auto [c, h] = fuse(
        [](auto i, auto f, auto g, auto o, auto c, auto pi, auto pf, auto po) {
          auto c1 = watch("f", sigmoid(f + pf * c)) * c + watch("i", sigmoid(i + pi * c)) * watch("g", tanh(g));
          return std::pair{c1, watch("o", sigmoid(o + po * c1)) * tanh(c1)};
        },
        split<4>(matmul(x, Wx) + matmul(s.h, Wh) + b), s.c, pi, pf, po);
    return {.h = h, .c = c};
  }

  /// With dropout: d(h) in place of h in the product, tanh(g) * m in place of tanh(g).
  State step(const Var& x, const State& s, const Drop& d) const {
    auto [c, h] = fuse(
        [](auto i, auto f, auto g, auto o, auto c, auto pi, auto pf, auto po, auto m) {
          auto c1 = watch("f", sigmoid(f + pf * c)) * c + watch("i", sigmoid(i + pi * c)) * (watch("g", tanh(g)) * m);
          return std::pair{c1, watch("o", sigmoid(o + po * c1)) * tanh(c1)};
        },
        split<4>(matmul(x, Wx) + matmul(d.state(s.h), Wh) + b), s.c, pi, pf, po, d.candidate(s.c));
    return {.h = h, .c = c};
  }
};
EBB_CELL_NAMED(lstm_peephole, "lstm-peephole", LstmPeephole,
               "LSTM with peepholes from the cell state to the gates, Gers & Schmidhuber 2000");

}  // namespace
}  // namespace ebb
