#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// Long short-term memory with peepholes and full gate recurrence: each gate also sees the gates of the previous step,
/// as in the LSTM of 1997.
///
///     [i f g o] = x Wx + h Wh + b;   [ri rf ro] = gates R
///     i' = sigmoid(i + ri + pi * c),  f' = sigmoid(f + rf + pf * c);   c' = f' * c + i' * tanh(g)
///     o' = sigmoid(o + ro + po * c');   h' = o' * tanh(c');   gates' = [i' f' o']
///
/// Shapes    x [B, I]; h, c [B, H]; gates [B, 3H]; Wx [I, 4H], Wh [H, 4H], b [4H]; pi, pf, po [H]; R [3H, 3H]
/// Init      all normal with deviation .1
/// Cost      8 H (I + H) + 18 H^2 flops per row and step
/// Source    Greff et al. 2017, arXiv:1503.04069 (FGR)
struct LstmFgr {
  struct State {
    Var h, c, gates;
  };
  Param Wx, Wh, b, pi, pf, po, R;

  LstmFgr(Builder p, CellSizes s) {
    const int H = s.hidden;
    const Init start = normal_init(0, .1);
    Wx = p.matrix("Wx", s.input, 4 * H, start);
    Wh = p.matrix("Wh", H, 4 * H, start);
    b = p.vector("b", 4 * H, start);
    pi = p.vector("pi", H, start);
    pf = p.vector("pf", H, start);
    po = p.vector("po", H, start);
    R = p.matrix("R", 3 * H, 3 * H, start);
    p.state("h", &State::h, {H});
    p.state("c", &State::c, {H});
    p.state("gates", &State::gates, {3 * H});
  }

  State step(const Var& x, const State& s) const { return next(x, s, s.h); }
  State step(const Var& x, const State& s, const StateDrop& d) const { return next(x, s, d.state(s.h)); }

 private:
  /// The step; `seen` is the h that enters the recurrent product, with or without dropout.
  State next(const Var& x, const State& s, const Var& seen) const {
    auto [i0, f0, g0, o0] = split<4>(matmul(x, Wx) + matmul(seen, Wh) + b);
    auto [ri, rf, ro] = split<3>(matmul(s.gates, R));
    auto [i, f, c] = fuse(
        [](auto i, auto f, auto g, auto ri, auto rf, auto c, auto pi, auto pf) {
          auto i1 = watch("i", sigmoid(i + ri + pi * c));
          auto f1 = watch("f", sigmoid(f + rf + pf * c));
          return std::tuple{i1, f1, f1 * c + i1 * watch("g", tanh(g))};
        },
        i0, f0, g0, ri, rf, s.c, pi, pf);
    auto [o, h] = fuse(
        [](auto o, auto ro, auto c, auto po) {
          auto o1 = watch("o", sigmoid(o + ro + po * c));
          return std::pair{o1, o1 * tanh(c)};
        },
        o0, ro, c, po);
    return {.h = h, .c = c, .gates = concat({i, f, o})};
  }
};
EBB_CELL_NAMED(lstm_fgr, "lstm-fgr", LstmFgr,
               "LSTM with peepholes whose gates see the previous gates, Greff et al. 2017");

}  // namespace
}  // namespace ebb
