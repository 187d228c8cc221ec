#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/nn/cells/gate_bias.hpp>

namespace ebb {
namespace {

/// Long short-term memory with coupled gates: the input gate is one minus the forget gate.
///
///     [f g o] = x Wx + h Wh + b
///     c' = sigmoid(f) * c + (1 - sigmoid(f)) * tanh(g);   h' = sigmoid(o) * tanh(c')
///
/// Shapes    x [B, I]; h, c [B, H]; Wx [I, 3H], Wh [H, 3H], b [3H]
/// Options   forget_bias=1, the initial value of b's forget block; 0: initialised like the rest
/// Init      all uniform in +-1/sqrt(H); forget block of b one
/// Cost      6 H (I + H) flops per row and step
/// Source    Greff et al. 2015, arXiv:1503.04069
/// Differs   no peepholes
struct Cifg {
  struct State {
    Var h, c;
  };
  Param Wx, Wh, b;

  Cifg(Builder p, CellSizes s) {
    const int H = s.hidden;
    Wx = p.matrix("Wx", s.input, 3 * H);
    Wh = p.matrix("Wh", H, 3 * H);
    const double forget = p.option("forget_bias", 1, "initial bias of the forget gate; 0: like the others");
    b = gate_bias(p, "b", H, 3, {.block = 0, .bias = forget});
    p.state("h", &State::h, {H});
    p.state("c", &State::c, {H});
  }

  State step(const Var& x, const State& s) const {
    auto [c, h] = fuse(
        [](auto f, auto g, auto o, auto c) {
          auto keep = watch("f", sigmoid(f));
          auto c1 = keep * c + (1 - keep) * watch("g", tanh(g));
          return std::pair{c1, watch("o", sigmoid(o)) * tanh(c1)};
        },
        split<3>(matmul(x, Wx) + matmul(s.h, Wh) + b), s.c);
    return {.h = h, .c = c};
  }

  /// With dropout: d(h) in place of h in the product, tanh(g) * m in place of tanh(g).
  State step(const Var& x, const State& s, const Drop& d) const {
    auto [c, h] = fuse(
        [](auto f, auto g, auto o, auto c, auto m) {
          auto keep = watch("f", sigmoid(f));
          auto c1 = keep * c + (1 - keep) * (watch("g", tanh(g)) * m);
          return std::pair{c1, watch("o", sigmoid(o)) * tanh(c1)};
        },
        split<3>(matmul(x, Wx) + matmul(d.state(s.h), Wh) + b), s.c, d.candidate(s.c));
    return {.h = h, .c = c};
  }
};
EBB_CELL(cifg, Cifg, "LSTM with coupled input and forget gates, Greff et al. 2015");

}  // namespace
}  // namespace ebb
