#include <ebb/nn/cell.hpp>

namespace {

/// Long short-term memory with the gates concatenated in one matrix.
///
///     [i f g o] = x Wx + h Wh + b
///     c' = sigmoid(f) * c + sigmoid(i) * tanh(g);   h' = sigmoid(o) * tanh(c')
struct LstmConcatenated {
  struct State {
    ebb::Var h, c;
  };
  ebb::Param Wx, Wh, b;

  LstmConcatenated(ebb::Builder p, ebb::CellSizes s)
      : Wx(p.matrix("Wx", s.input, 4 * s.hidden)), Wh(p.matrix("Wh", s.hidden, 4 * s.hidden)),
        b(p.vector("b", 4 * s.hidden)) {
    p.state("h", &State::h, {s.hidden});
    p.state("c", &State::c, {s.hidden});
  }

  State step(const ebb::Var& x, const State& s) const {
    auto [i, f, g, o] = ebb::split<4>(matmul(x, Wx) + matmul(s.h, Wh) + b);
    auto c = sigmoid(f) * s.c + sigmoid(i) * tanh(g);
    return {.h = sigmoid(o) * tanh(c), .c = c};
  }
};
EBB_CELL_NAMED(bench_lstm_concatenated, "bench-lstm-concatenated", LstmConcatenated,
               "LSTM, gates in one matrix, plain operators");

}  // namespace
