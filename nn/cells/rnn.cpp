#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cells/rnn.hpp>

namespace ebb {

namespace {

Init recurrent_init(int choice, const Init& default_value) {
  const Init inits[] = {default_value, orthogonal(), xavier_uniform(), identity_init()};
  return inits[choice];
}

}  // namespace

Rnn::Rnn(Builder p, CellSizes s)
    : W(p.matrix("W", s.input, s.hidden, fan_in_uniform(s.hidden))),
      U(p.matrix("U", s.hidden, s.hidden,
                 recurrent_init(p.choice("recurrent", "uniform|orthogonal|xavier|identity", "initialiser of U"),
                                fan_in_uniform(s.hidden)))),
      b(p.vector("b", s.hidden, fan_in_uniform(s.hidden))),
      activation(static_cast<Activation>(p.choice("activation", "tanh|relu|sigmoid|linear", "pointwise function"))) {}

Hidden Rnn::step(const Var& x, const Hidden& s) const {
  Var a = matmul(x, W) + matmul(s.h, U);
  switch (activation) {
    case Activation::relu: return {fuse([](auto a, auto b) { return relu(a + b); }, std::move(a), b)};
    case Activation::sigmoid: return {fuse([](auto a, auto b) { return sigmoid(a + b); }, std::move(a), b)};
    case Activation::linear: return {std::move(a) + b};
    case Activation::tanh: break;
  }
  return {fuse([](auto a, auto b) { return tanh(a + b); }, std::move(a), b)};
}

EBB_CELL(rnn, Rnn, "Vanilla recurrent network, Elman 1990");

}  // namespace ebb
