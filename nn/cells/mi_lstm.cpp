#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/nn/cells/gate_bias.hpp>

namespace ebb {
namespace {

/// Long short-term memory with multiplicative integration: input and state meet in a product as well as in a sum.
///
///     u = x Wx,  v = h Wh;   [i f g o] = alpha * u * v + beta1 * v + beta2 * u + b
///     c' = sigmoid(f) * c + sigmoid(i) * tanh(g);   h' = sigmoid(o) * tanh(c')
///
/// Shapes    x [B, I]; h, c [B, H]; Wx [I, 4H], Wh [H, 4H]; alpha, beta1, beta2, b [4H]
/// Options   alpha=1, beta=.5, initial values of alpha and of beta1 and beta2; forget_bias=0, the initial value of b's
///           forget block
/// Init      Wx, Wh uniform in +-1/sqrt(H); b zero
/// Cost      8 H (I + H) flops per row and step
/// Source    Wu et al. 2016, arXiv:1606.06630
struct MiLstm {
  struct State {
    Var h, c;
  };
  Param Wx, Wh, alpha, beta1, beta2, b;

  MiLstm(Builder p, CellSizes s) {
    const int H = s.hidden;
    const Init first = constant_init(p.option("beta", .5, "initial value of beta1 and beta2, the weights of the sum"));
    Wx = p.matrix("Wx", s.input, 4 * H);
    Wh = p.matrix("Wh", H, 4 * H);
    alpha = p.vector("alpha", 4 * H, constant_init(p.option("alpha", 1, "initial weight of the product")));
    beta1 = p.vector("beta1", 4 * H, first);
    beta2 = p.vector("beta2", 4 * H, first);
    const double forget = p.option("forget_bias", 0, "initial bias of the forget gate");
    b = gate_bias(p, "b", H, 4, {.block = 1, .bias = forget, .write = 0}, zero_init);
    p.state("h", &State::h, {H});
    p.state("c", &State::c, {H});
  }

  State step(const Var& x, const State& s) const {
    auto [c, h] = fuse(
        [](auto i, auto f, auto g, auto o, auto c) {
          auto c1 = watch("f", sigmoid(f)) * c + watch("i", sigmoid(i)) * watch("g", tanh(g));
          return std::pair{c1, watch("o", sigmoid(o)) * tanh(c1)};
        },
        integrated(x, s.h), s.c);
    return {.h = h, .c = c};
  }

  /// With dropout: d(h) in place of h in the product, tanh(g) * m in place of tanh(g).
  State step(const Var& x, const State& s, const Drop& d) const {
    auto [c, h] = fuse(
        [](auto i, auto f, auto g, auto o, auto c, auto m) {
          auto c1 = watch("f", sigmoid(f)) * c + watch("i", sigmoid(i)) * (watch("g", tanh(g)) * m);
          return std::pair{c1, watch("o", sigmoid(o)) * tanh(c1)};
        },
        integrated(x, d.state(s.h)), s.c, d.candidate(s.c));
    return {.h = h, .c = c};
  }

 private:
  std::array<Var, 4> integrated(const Var& x, const Var& h) const {
    return split<4>(fuse([](auto u, auto v, auto alpha, auto beta1, auto beta2,
                            auto b) { return alpha * u * v + beta1 * v + beta2 * u + b; },
                         matmul(x, Wx), matmul(h, Wh), alpha, beta1, beta2, b));
  }
};
EBB_CELL_NAMED(mi_lstm, "mi-lstm", MiLstm, "LSTM with multiplicative integration, Wu et al. 2016");

}  // namespace
}  // namespace ebb
