#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace {

/// Vanilla recurrent network.
///
///     h' = tanh(x Wx + h Wh + b), all but the products in one pass
struct RnnFused {
  ebb::Param Wx, Wh, b;

  RnnFused(ebb::Builder p, ebb::CellSizes s)
      : Wx(p.matrix("Wx", s.input, s.hidden)), Wh(p.matrix("Wh", s.hidden, s.hidden)), b(p.vector("b", s.hidden)) {}

  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    return {ebb::fuse([](auto a, auto b) { return tanh(a + b); }, matmul(x, Wx) + matmul(s.h, Wh), b)};
  }
};
EBB_CELL_NAMED(bench_rnn_fused, "bench-rnn-fused", RnnFused, "RNN, fused");

}  // namespace
