#include <ebb/nn/cell.hpp>

namespace {

/// Vanilla recurrent network.
///
///     h' = tanh(x W + h U + b)
struct RnnTextbook {
  ebb::Param W, U, b;

  RnnTextbook(ebb::Builder p, ebb::CellSizes s)
      : W(p.matrix("W", s.input, s.hidden)), U(p.matrix("U", s.hidden, s.hidden)), b(p.vector("b", s.hidden)) {}

  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const { return {tanh(matmul(x, W) + matmul(s.h, U) + b)}; }
};
EBB_CELL_NAMED(bench_rnn_textbook, "bench-rnn-textbook", RnnTextbook, "RNN, plain operators");

}  // namespace
