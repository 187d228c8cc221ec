#include <ebb/nn/cell.hpp>

namespace {

/// Gated recurrent unit in PyTorch's form (reset after the product), with the gates concatenated in one matrix.
///
///     [xr xz xn] = x Wx + b;   [hr hz hn] = h Wh
///     r = sigmoid(xr + hr);   z = sigmoid(xz + hz);   n = tanh(xn + r * (hn + c));   h' = (1 - z) * n + z * h
struct GruConcatenated {
  ebb::Param Wx, Wh, b, c;

  GruConcatenated(ebb::Builder p, ebb::CellSizes s)
      : Wx(p.matrix("Wx", s.input, 3 * s.hidden)), Wh(p.matrix("Wh", s.hidden, 3 * s.hidden)),
        b(p.vector("b", 3 * s.hidden)), c(p.vector("c", s.hidden)) {}

  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    auto [xr, xz, xn] = ebb::split<3>(matmul(x, Wx) + b);
    auto [hr, hz, hn] = ebb::split<3>(matmul(s.h, Wh));
    auto r = sigmoid(xr + hr);
    auto z = sigmoid(xz + hz);
    auto n = tanh(xn + r * (hn + c));
    return {(1 - z) * n + z * s.h};
  }
};
EBB_CELL_NAMED(bench_gru_concatenated, "bench-gru-concatenated", GruConcatenated,
               "GRU, gates in one matrix, plain operators");

}  // namespace
