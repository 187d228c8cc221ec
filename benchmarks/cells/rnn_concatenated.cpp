#include <ebb/nn/cell.hpp>

namespace {

/// Vanilla recurrent network. There is nothing to concatenate: the formula is that of rnn_textbook, so the difference
/// of the two rows in a table shows the measurement noise.
///
///     h' = tanh(x Wx + h Wh + b)
struct RnnConcatenated {
  ebb::Param Wx, Wh, b;

  RnnConcatenated(ebb::Builder p, ebb::CellSizes s)
      : Wx(p.matrix("Wx", s.input, s.hidden)), Wh(p.matrix("Wh", s.hidden, s.hidden)), b(p.vector("b", s.hidden)) {}

  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    return {tanh(matmul(x, Wx) + matmul(s.h, Wh) + b)};
  }
};
EBB_CELL_NAMED(bench_rnn_concatenated, "bench-rnn-concatenated", RnnConcatenated, "RNN, plain operators");

}  // namespace
