#include <ebb/nn/cell.hpp>

namespace {

/// Minimal gated unit with the input's two matrices concatenated; the recurrent ones have different operands.
///
///     [xf xn] = x Wx + b;   f = sigmoid(xf + h Uf);   n = tanh(xn + (f * h) Un);   h' = (1 - f) * h + f * n
struct MguConcatenated {
  ebb::Param Wx, b, Uf, Un;

  MguConcatenated(ebb::Builder p, ebb::CellSizes s)
      : Wx(p.matrix("Wx", s.input, 2 * s.hidden)), b(p.vector("b", 2 * s.hidden)),
        Uf(p.matrix("Uf", s.hidden, s.hidden)), Un(p.matrix("Un", s.hidden, s.hidden)) {}

  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    auto [xf, xn] = ebb::split<2>(matmul(x, Wx) + b);
    auto f = sigmoid(xf + matmul(s.h, Uf));
    auto n = tanh(xn + matmul(f * s.h, Un));
    return {(1 - f) * s.h + f * n};
  }
};
EBB_CELL_NAMED(bench_mgu_concatenated, "bench-mgu-concatenated", MguConcatenated,
               "MGU, the input's gates in one matrix, plain operators");

}  // namespace
