#include <ebb/nn/cell.hpp>

namespace {

/// Long short-term memory as in textbooks: a matrix and a line for each gate.
///
///     i = sigmoid(x Wi + h Ui + bi);   f, o likewise;   g = tanh(x Wg + h Ug + bg)
///     c' = f * c + i * g;   h' = o * tanh(c')
struct LstmTextbook {
  struct State {
    ebb::Var h, c;
  };
  ebb::Param Wi, Ui, bi, Wf, Uf, bf, Wg, Ug, bg, Wo, Uo, bo;

  LstmTextbook(ebb::Builder p, ebb::CellSizes s)
      : Wi(p.matrix("Wi", s.input, s.hidden)), Ui(p.matrix("Ui", s.hidden, s.hidden)), bi(p.vector("bi", s.hidden)),
        Wf(p.matrix("Wf", s.input, s.hidden)), Uf(p.matrix("Uf", s.hidden, s.hidden)), bf(p.vector("bf", s.hidden)),
        Wg(p.matrix("Wg", s.input, s.hidden)), Ug(p.matrix("Ug", s.hidden, s.hidden)), bg(p.vector("bg", s.hidden)),
        Wo(p.matrix("Wo", s.input, s.hidden)), Uo(p.matrix("Uo", s.hidden, s.hidden)), bo(p.vector("bo", s.hidden)) {
    p.state("h", &State::h, {s.hidden});
    p.state("c", &State::c, {s.hidden});
  }

  State step(const ebb::Var& x, const State& s) const {
    auto i = sigmoid(matmul(x, Wi) + matmul(s.h, Ui) + bi);
    auto f = sigmoid(matmul(x, Wf) + matmul(s.h, Uf) + bf);
    auto g = tanh(matmul(x, Wg) + matmul(s.h, Ug) + bg);
    auto o = sigmoid(matmul(x, Wo) + matmul(s.h, Uo) + bo);
    auto c = f * s.c + i * g;
    return {.h = o * tanh(c), .c = c};
  }
};
EBB_CELL_NAMED(bench_lstm_textbook, "bench-lstm-textbook", LstmTextbook, "LSTM, one matrix per gate, plain operators");

}  // namespace
