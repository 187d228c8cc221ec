#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// Long short-term memory with peepholes, and seven variants of it that differ by one thing each. The eighth, with
/// recurrent gates, is lstm-fgr.
///
///     [i f g o] = x Wx + h Wh + b;   i = sigmoid(i + pi * c),  f = sigmoid(f + pf * c)
///     c' = f * c + i * tanh(g);   o = sigmoid(o + po * c');   h' = o * tanh(c')
///     nig: i = 1    nfg: f = 1    nog: o = 1    niaf: g in place of tanh(g)    noaf: c' in place of tanh(c')
///     np: no peepholes    cifg: f = 1 - i
///
/// Shapes    x [B, I]; h, c [B, H]; Wx [I, 4H], Wh [H, 4H], b [4H]; pi, pf, po [H]. A gate that is left out, like f of
///           cifg, has neither a block nor a peephole
/// Options   variant=vanilla|nig|nfg|nog|niaf|noaf|np|cifg
/// Init      all normal with deviation .1
/// Cost      8 H (I + H) flops per row and step; 6 H (I + H) with three blocks
/// Source    Greff et al. 2017, arXiv:1503.04069
struct LstmGreff {
  struct State {
    Var h, c;
  };
  Param Wx, Wh, b, pi, pf, po;
  enum Variant { vanilla, nig, nfg, nog, niaf, noaf, np, cifg };
  int variant, blocks;
  bool has_i, has_f, has_o;

  LstmGreff(Builder p, CellSizes s) {
    const int H = s.hidden;
    const Init start = normal_init(0, .1);
    variant = p.choice("variant", "vanilla|nig|nfg|nog|niaf|noaf|np|cifg",
                       "no input, forget or output gate; no input or output activation; no peepholes; coupled gates");
    has_i = variant != nig;
    has_f = variant != nfg && variant != cifg;
    has_o = variant != nog;
    blocks = 1 + has_i + has_f + has_o;
    Wx = p.matrix("Wx", s.input, blocks * H, start);
    Wh = p.matrix("Wh", H, blocks * H, start);
    b = p.vector("b", blocks * H, start);
    if (has_i && variant != np) pi = p.vector("pi", H, start);
    if (has_f && variant != np) pf = p.vector("pf", H, start);
    if (has_o && variant != np) po = p.vector("po", H, start);
    p.state("h", &State::h, {H});
    p.state("c", &State::c, {H});
  }

  State step(const Var& x, const State& s) const { return next(x, s, s.h); }
  State step(const Var& x, const State& s, const StateDrop& d) const { return next(x, s, d.state(s.h)); }

 private:
  /// The step; `seen` is the h that enters the recurrent product, with or without dropout.
  State next(const Var& x, const State& s, const Var& seen) const {
    const Var pre = matmul(x, Wx) + matmul(seen, Wh) + b;
    if (variant == vanilla) return whole(pre, s);
    Var part[4];
    split_into(pre, part, blocks);
    return varied(part, s);
  }

  /// The step of the baseline, in one pass.
  State whole(const Var& pre, const State& s) const {
    auto [c, h] = fuse(
        [](auto i, auto f, auto g, auto o, auto c, auto pi, auto pf, auto po) {
          auto c1 = watch("f", sigmoid(f + pf * c)) * c + watch("i", sigmoid(i + pi * c)) * watch("g", tanh(g));
          return std::pair{c1, watch("o", sigmoid(o + po * c1)) * tanh(c1)};
        },
        split<4>(pre), s.c, pi, pf, po);
    return {.h = h, .c = c};
  }

  /// The step of any variant, gate by gate.
  State varied(const Var* part, const State& s) const {
    Var i, f, o;
    if (has_i) i = watch("i", gate(*part++, s.c, pi));
    if (has_f) f = watch("f", gate(*part++, s.c, pf));
    const Var g = watch("g", variant == niaf ? *part : tanh(*part));
    const Var c = memory(i, f, g, s.c), y = variant == noaf ? c : tanh(c);
    if (has_o) o = watch("o", gate(part[1], c, po));
    return {.h = has_o ? o * y : y, .c = c};
  }

  Var gate(const Var& pre, const Var& c, const Param& peephole) const {
    if (variant == np) return sigmoid(pre);
    return fuse([](auto a, auto p, auto c) { return sigmoid(a + p * c); }, pre, peephole, c);
  }

  Var memory(const Var& i, const Var& f, const Var& g, const Var& c) const {
    if (variant == nig) return f * c + g;
    if (variant == nfg) return c + i * g;
    if (variant == cifg) return fuse([](auto i, auto g, auto c) { return (1 - i) * c + i * g; }, i, g, c);
    return fuse([](auto i, auto f, auto g, auto c) { return f * c + i * g; }, i, f, g, c);
  }
};
EBB_CELL_NAMED(lstm_greff, "lstm-greff", LstmGreff,
               "LSTM with peepholes and variants without one thing each, Greff et al. 2017");

}  // namespace
}  // namespace ebb
