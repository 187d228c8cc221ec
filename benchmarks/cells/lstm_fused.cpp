#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace {

/// Long short-term memory, all but the products in one pass.
///
///     [i f g o] = x Wx + h Wh + b
///     c' = sigmoid(f) * c + sigmoid(i) * tanh(g);   h' = sigmoid(o) * tanh(c')
struct LstmFused {
  struct State {
    ebb::Var h, c;
  };
  ebb::Param Wx, Wh, b;

  LstmFused(ebb::Builder p, ebb::CellSizes s)
      : Wx(p.matrix("Wx", s.input, 4 * s.hidden)), Wh(p.matrix("Wh", s.hidden, 4 * s.hidden)),
        b(p.vector("b", 4 * s.hidden)) {
    p.state("h", &State::h, {s.hidden});
    p.state("c", &State::c, {s.hidden});
  }

  State step(const ebb::Var& x, const State& s) const {
    auto [c, h] = ebb::fuse(
        [](auto i, auto f, auto g, auto o, auto c) {
          auto c1 = sigmoid(f) * c + sigmoid(i) * tanh(g);
          return std::pair{c1, sigmoid(o) * tanh(c1)};
        },
        ebb::split<4>(matmul(x, Wx) + matmul(s.h, Wh) + b), s.c);
    return {.h = h, .c = c};
  }
};
EBB_CELL_NAMED(bench_lstm_fused, "bench-lstm-fused", LstmFused, "LSTM, fused");

}  // namespace
