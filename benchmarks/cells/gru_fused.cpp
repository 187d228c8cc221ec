#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace {

/// Gated recurrent unit in PyTorch's form (reset after the product), all but the products in one pass.
///
///     [xr xz xn] = x Wx + b;   [hr hz hn] = h Wh
///     r = sigmoid(xr + hr);   z = sigmoid(xz + hz);   n = tanh(xn + r * (hn + c));   h' = (1 - z) * n + z * h
struct GruFused {
  ebb::Param Wx, Wh, b, c;

  GruFused(ebb::Builder p, ebb::CellSizes s)
      : Wx(p.matrix("Wx", s.input, 3 * s.hidden)), Wh(p.matrix("Wh", s.hidden, 3 * s.hidden)),
        b(p.vector("b", 3 * s.hidden)), c(p.vector("c", s.hidden)) {}

  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    return {ebb::fuse(
        [](auto xr, auto xz, auto xn, auto hr, auto hz, auto hn, auto c, auto h) {
          auto r = sigmoid(xr + hr);
          auto z = sigmoid(xz + hz);
          auto n = tanh(xn + r * (hn + c));
          return (1 - z) * n + z * h;
        },
        ebb::split<3>(matmul(x, Wx) + b), ebb::split<3>(matmul(s.h, Wh)), c, s.h)};
  }
};
EBB_CELL_NAMED(bench_gru_fused, "bench-gru-fused", GruFused, "GRU, fused");

}  // namespace
