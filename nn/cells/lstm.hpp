#pragma once
#include <ebb/nn/cell.hpp>

namespace ebb {

/// Long short-term memory with a forget gate.
///
///     [i f g o] = x Wx + h Wh + b
///     c' = sigmoid(f) * c + sigmoid(i) * tanh(g);   h' = sigmoid(o) * tanh(c')
///
/// Shapes    x [B, I]; h, c [B, H]; Wx [I, 4H], Wh [H, 4H], b [4H]
/// Options   forget_bias=1, the initial value of b's forget block; 0: initialised like the rest, as in PyTorch
/// Init      Wx, Wh, b uniform in +-1/sqrt(H); forget block of b one
/// Errors    ShapeError if x is not [B, I] or the state is not [B, H]
/// Cost      8 H (I + H) flops and 6 H kept values per row and step
/// Source    Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; Gers et al. 2000
/// Differs   no peepholes; one bias where PyTorch has two
struct Lstm {
  struct State {
    Var h, c;
  };
  Param Wx, Wh, b;

  Lstm(Builder p, CellSizes s);
  State step(const Var& x, const State& s) const;
  State step(const Var& x, const State& s, const Drop& d) const;  // lstm_dropping.cpp
};

}  // namespace ebb
