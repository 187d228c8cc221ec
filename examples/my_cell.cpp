#include <ebb/nn/cell.hpp>

/// Leaky integrator: a vanilla network that moves only a fraction of the way at each step.
///
///     h' = (1 - a) * h + a * tanh(x W + h U + b)
///
/// Shapes    x [B, I]; h [B, H]; W [I, H], U [H, H], b [H]
/// Options   leak=0.5, the fraction a
/// Init      W, b uniform in +-1/sqrt(H), U orthogonal
/// Source    Jaeger et al. 2007, doi:10.1016/j.neunet.2007.04.016
struct Leaky {
  double a;
  ebb::Param W, U, b;

  Leaky(ebb::Builder p, ebb::CellSizes s)
      : a(p.option("leak", .5, "fraction of the way that a step moves")), W(p.matrix("W", s.input, s.hidden)),
        U(p.matrix("U", s.hidden, s.hidden, ebb::orthogonal())), b(p.vector("b", s.hidden)) {}

  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    return {(1 - a) * s.h + a * tanh(matmul(x, W) + matmul(s.h, U) + b)};
  }
};
EBB_CELL(leaky, Leaky, "Leaky integrator, Jaeger et al. 2007");
