#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/nn/cells/gate_bias.hpp>
#include <ebb/nn/layers/norm.hpp>

namespace ebb {
namespace {

/// Long short-term memory with layer normalisation of both products, over all four gates together, and of the cell
/// state where the output reads it.
///
///     [i f g o] = norm(x Wx; gx, sx) + norm(h Wh; gh, sh) + b
///     c' = sigmoid(f) * c + sigmoid(i) * tanh(g);   h' = sigmoid(o) * tanh(norm(c'; gc, sc))
///
/// The c passed to the next step is not normalised.
///
/// Shapes    x [B, I]; h, c [B, H]; Wx [I, 4H], Wh [H, 4H]; b, gx, sx, gh, sh [4H]; gc, sc [H]
/// Init      Wx uniform in +-1/sqrt(H), Wh orthogonal, gains one, shifts and b zero
/// Cost      8 H (I + H) flops per row and step
/// Source    Ba et al. 2016, arXiv:1607.06450
struct LstmLayernorm {
  struct State {
    Var h, c;
  };
  Param Wx, Wh, b, gx, sx, gh, sh, gc, sc;

  LstmLayernorm(Builder p, CellSizes s) {
    const int H = s.hidden;
    Wx = p.matrix("Wx", s.input, 4 * H);
    Wh = p.matrix("Wh", H, 4 * H, orthogonal());
    b = gate_bias(p, "b", H, 4, {.block = 1, .write = 0}, zero_init);
    gx = p.vector("gx", 4 * H, constant_init(1));
    sx = p.vector("sx", 4 * H, zero_init);
    gh = p.vector("gh", 4 * H, constant_init(1));
    sh = p.vector("sh", 4 * H, zero_init);
    gc = p.vector("gc", H, constant_init(1));
    sc = p.vector("sc", H, zero_init);
    p.state("h", &State::h, {H});
    p.state("c", &State::c, {H});
  }

  State step(const Var& x, const State& s) const {
    auto [i, f, g, o] = split<4>(layer_norm(matmul(x, Wx), gx, sx) + layer_norm(matmul(s.h, Wh), gh, sh) + b);
    const Var c = fuse([](auto i, auto f, auto g,
                          auto c) { return watch("f", sigmoid(f)) * c + watch("i", sigmoid(i)) * watch("g", tanh(g)); },
                       i, f, g, s.c);
    return {.h = watch("o", sigmoid(o)) * tanh(layer_norm(c, gc, sc)), .c = c};
  }

  /// With dropout: d(h) in place of h in the product, tanh(g) * m in place of tanh(g).
  State step(const Var& x, const State& s, const Drop& d) const {
    auto [i, f, g, o] = split<4>(layer_norm(matmul(x, Wx), gx, sx) + layer_norm(matmul(d.state(s.h), Wh), gh, sh) + b);
    const Var c =
        fuse([](auto i, auto f, auto g, auto c,
                auto m) { return watch("f", sigmoid(f)) * c + watch("i", sigmoid(i)) * (watch("g", tanh(g)) * m); },
             i, f, g, s.c, d.candidate(s.c));
    return {.h = watch("o", sigmoid(o)) * tanh(layer_norm(c, gc, sc)), .c = c};
  }
};
EBB_CELL_NAMED(lstm_layernorm, "lstm-layernorm", LstmLayernorm, "LSTM with layer normalisation inside, Ba et al. 2016");

}  // namespace
}  // namespace ebb
