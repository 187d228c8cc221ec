#include <ebb/nn/cell.hpp>

namespace {

/// Gated recurrent unit in PyTorch's form (reset after the product), with a matrix and a line for each gate.
///
///     r = sigmoid(x Wr + h Ur + br);   z likewise;   n = tanh(x Wn + bn + r * (h Un + c))
///     h' = (1 - z) * n + z * h
struct GruTextbook {
  ebb::Param Wr, Ur, br, Wz, Uz, bz, Wn, Un, bn, c;

  GruTextbook(ebb::Builder p, ebb::CellSizes s)
      : Wr(p.matrix("Wr", s.input, s.hidden)), Ur(p.matrix("Ur", s.hidden, s.hidden)), br(p.vector("br", s.hidden)),
        Wz(p.matrix("Wz", s.input, s.hidden)), Uz(p.matrix("Uz", s.hidden, s.hidden)), bz(p.vector("bz", s.hidden)),
        Wn(p.matrix("Wn", s.input, s.hidden)), Un(p.matrix("Un", s.hidden, s.hidden)), bn(p.vector("bn", s.hidden)),
        c(p.vector("c", s.hidden)) {}

  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    auto r = sigmoid(matmul(x, Wr) + matmul(s.h, Ur) + br);
    auto z = sigmoid(matmul(x, Wz) + matmul(s.h, Uz) + bz);
    auto n = tanh(matmul(x, Wn) + bn + r * (matmul(s.h, Un) + c));
    return {(1 - z) * n + z * s.h};
  }
};
EBB_CELL_NAMED(bench_gru_textbook, "bench-gru-textbook", GruTextbook, "GRU, one matrix per gate, plain operators");

}  // namespace
