#include <ebb/nn/cell.hpp>

namespace {

/// Vanilla recurrent network. With one gate there is nothing to concatenate: the same formula as the textbook's, so
/// that the two rows of a table show what the machine's noise is.
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
