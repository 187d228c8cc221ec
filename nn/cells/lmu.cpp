#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/nn/cells/legendre_delay.hpp>

namespace ebb {
namespace {

/// Legendre memory unit: a linear memory that approximates the last theta steps of one signal u by Legendre
/// polynomials, read by a nonlinear network, which writes u.
///
///     u = x ex + h eh + m em;   m' = m A + u B;   h' = tanh(x Wx + h Wh + m' Wm)
///
/// Shapes    x [B, I]; h [B, H]; m [B, order]; ex [I, 1], eh [H, 1], em [order, 1]; A [order, order], B [1, order],
///           fixed; Wx [I, H], Wh [H, H], Wm [order, H]
/// Options   order=16, number of polynomials; theta=100, length of the window in steps
/// Init      A and B by legendre_delay; ex uniform in +-sqrt(3/I), eh in +-sqrt(3/H), em zero; Wx, Wh, Wm normal with
///           deviation sqrt(2 / (rows + columns))
/// Cost      2 (H + 1) (I + H + order) + 2 order^2 flops per row and step
/// Source    Voelker et al. 2019 (NeurIPS), and the authors' code
struct Lmu {
  struct State {
    Var h, m;
  };
  Param ex, eh, em, A, B, Wx, Wh, Wm;

  Lmu(Builder p, CellSizes s) {
    const int I = s.input, H = s.hidden;
    const int order = p.whole("order", 16, 1, 512, "number of Legendre polynomials");
    const double theta = p.option("theta", 100, "length of the window in steps");
    if (!(theta >= 1)) p.reject("theta", "the window must be at least one step long");
    ex = p.matrix("ex", I, 1, lecun_uniform);
    eh = p.matrix("eh", H, 1, lecun_uniform);
    em = p.matrix("em", order, 1, zero_init);
    Wx = p.matrix("Wx", I, H, xavier_normal());
    Wh = p.matrix("Wh", H, H, xavier_normal());
    Wm = p.matrix("Wm", order, H, xavier_normal());
    const detail::LegendreDelay memory = detail::legendre_delay(order, theta);
    A = p.fixed("A", memory.A);
    B = p.fixed("B", memory.B);
    p.state("h", &State::h, {H});
    p.state("m", &State::m, {order});
  }

  State step(const Var& x, const State& s) const { return next(x, s, s.h); }
  State step(const Var& x, const State& s, const StateDrop& d) const { return next(x, s, d.state(s.h)); }

 private:
  /// The step; `seen` is the h that enters the recurrent products, with or without dropout.
  State next(const Var& x, const State& s, const Var& seen) const {
    const Var u = matmul(x, ex) + matmul(seen, eh) + matmul(s.m, em);
    const Var m = matmul(s.m, A) + matmul(u, B);
    return {.h = tanh(matmul(x, Wx) + matmul(seen, Wh) + matmul(m, Wm)), .m = m};
  }
};
EBB_CELL(lmu, Lmu, "Legendre memory unit: a linear memory of the last theta steps, Voelker et al. 2019");

}  // namespace
}  // namespace ebb
