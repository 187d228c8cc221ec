#include <ebb/nn/cell.hpp>

namespace {

/// Minimal gated unit with a matrix and a line for each gate.
///
///     f = sigmoid(x Wf + h Uf + bf);   n = tanh(x Wn + (f * h) Un + bn);   h' = (1 - f) * h + f * n
struct MguTextbook {
  ebb::Param Wf, Uf, bf, Wn, Un, bn;

  MguTextbook(ebb::Builder p, ebb::CellSizes s)
      : Wf(p.matrix("Wf", s.input, s.hidden)), Uf(p.matrix("Uf", s.hidden, s.hidden)), bf(p.vector("bf", s.hidden)),
        Wn(p.matrix("Wn", s.input, s.hidden)), Un(p.matrix("Un", s.hidden, s.hidden)), bn(p.vector("bn", s.hidden)) {}

  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    auto f = sigmoid(matmul(x, Wf) + matmul(s.h, Uf) + bf);
    auto n = tanh(matmul(x, Wn) + matmul(f * s.h, Un) + bn);
    return {(1 - f) * s.h + f * n};
  }
};
EBB_CELL_NAMED(bench_mgu_textbook, "bench-mgu-textbook", MguTextbook, "MGU, one matrix per gate, plain operators");

}  // namespace
