#include <ebb/nn/cell.hpp>

/// Minimal gated unit.
///
///     f = sigmoid(x Wf + h Uf + bf);   n = tanh(x Wn + (f * h) Un + bn);   h' = (1 - f) * h + f * n
///
/// Shapes    x [B, I]; h [B, H]; W [I, H], U [H, H], b [H]
/// Init      all uniform in +-1/sqrt(H)
/// Source    Zhou et al. 2016, arXiv:1603.09420
struct Mgu {
  ebb::Param Wf, Uf, bf, Wn, Un, bn;

  Mgu(ebb::Builder p, ebb::CellSizes s)
      : Wf(p.matrix("Wf", s.input, s.hidden)), Uf(p.matrix("Uf", s.hidden, s.hidden)), bf(p.vector("bf", s.hidden)),
        Wn(p.matrix("Wn", s.input, s.hidden)), Un(p.matrix("Un", s.hidden, s.hidden)), bn(p.vector("bn", s.hidden)) {}

  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    auto f = watch("f", sigmoid(matmul(x, Wf) + matmul(s.h, Uf) + bf));
    auto n = watch("n", tanh(matmul(x, Wn) + matmul(f * s.h, Un) + bn));
    return {(1 - f) * s.h + f * n};
  }

  // With dropout of the state (DropoutCell), only the products see the masked h; the state itself is not masked.
  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s, const ebb::StateDrop& d) const {
    const ebb::Var h = d.state(s.h);
    auto f = watch("f", sigmoid(matmul(x, Wf) + matmul(h, Uf) + bf));
    auto n = watch("n", tanh(matmul(x, Wn) + matmul(f * h, Un) + bn));
    return {(1 - f) * s.h + f * n};
  }
};
EBB_CELL(mgu, Mgu, "Minimal gated unit, Zhou et al. 2016");
