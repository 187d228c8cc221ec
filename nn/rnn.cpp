#include <cmath>
#include <ebb/nn/rnn.hpp>

namespace ebb {

namespace {

Init recurrent_start(int choice, const Init& standard) {
  const Init starts[] = {standard, orthogonal(), xavier_uniform(), identity_init()};
  return starts[choice];
}

Init standard(int hidden) {
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  return uniform_init(-bound, bound);
}

}  // namespace

Rnn::Rnn(Builder p, CellSizes s)
    : W(p.matrix("W", s.input, s.hidden, standard(s.hidden))),
      U(p.matrix("U", s.hidden, s.hidden,
                 recurrent_start(p.choice("recurrent", "uniform|orthogonal|xavier|identity", "start of U"),
                                 standard(s.hidden)))),
      b(p.vector("b", s.hidden, standard(s.hidden))),
      activation(static_cast<Activation>(p.choice("activation", "tanh|relu|sigmoid|linear", "pointwise function"))) {}

Hidden Rnn::step(const Var& x, const Hidden& s) const {
  Var a = matmul(x, W) + matmul(s.h, U) + b;
  switch (activation) {
    case relu: return {ebb::relu(a)};
    case sigmoid: return {ebb::sigmoid(a)};
    case linear: return {a};
    case tanh: break;
  }
  return {ebb::tanh(a)};
}

EBB_CELL(rnn, Rnn, "Vanilla recurrent network, Elman 1990");

}  // namespace ebb
