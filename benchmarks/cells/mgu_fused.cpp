#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace {

/// Minimal gated unit; a product in the middle requires two fused passes.
///
///     [xf xn] = x Wx + b;   f = sigmoid(xf + h Uf);   n = tanh(xn + (f * h) Un);   h' = (1 - f) * h + f * n
struct MguFused {
  ebb::Param Wx, b, Uf, Un;

  MguFused(ebb::Builder p, ebb::CellSizes s)
      : Wx(p.matrix("Wx", s.input, 2 * s.hidden)), b(p.vector("b", 2 * s.hidden)),
        Uf(p.matrix("Uf", s.hidden, s.hidden)), Un(p.matrix("Un", s.hidden, s.hidden)) {}

  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    auto [xf, xn] = ebb::split<2>(matmul(x, Wx) + b);
    auto [f, fh] = ebb::fuse(
        [](auto a, auto u, auto h) {
          auto f = sigmoid(a + u);
          return std::pair{f, f * h};
        },
        xf, matmul(s.h, Uf), s.h);
    return {ebb::fuse(
        [](auto a, auto u, auto f, auto h) {
          auto n = tanh(a + u);
          return h + f * (n - h);
        },
        xn, matmul(fh, Un), f, s.h)};
  }
};
EBB_CELL_NAMED(bench_mgu_fused, "bench-mgu-fused", MguFused, "MGU, fused");

}  // namespace
