#pragma once
#include <ebb/nn/cell.hpp>

namespace ebb {

/// Gated recurrent unit in PyTorch's form: the reset gate acts after the product, and z keeps the state.
///
///     [r z n] = x Wx + b;   [hr hz hn] = h Wh
///     r = sigmoid(r + hr);   z = sigmoid(z + hz);   n = tanh(n + r * (hn + bn))
///     h' = (1 - z) * n + z * h
///
/// Shapes    x [B, I]; h [B, H]; Wx [I, 3H], Wh [H, 3H], b [3H], bn [H]
/// Options   update_bias=0, initial value of b's update block, above 0 it keeps the state; 0: initialised like the rest
/// Init      Wx, Wh, b, bn uniform in +-1/sqrt(H)
/// Errors    ShapeError if x is not [B, I] or h is not [B, H]
/// Cost      6 H (I + H) flops and 5 H kept values per row and step
/// Source    Cho et al. 2014, arXiv:1406.1078; reset after the product as in cuDNN and PyTorch
/// Differs   r and z have one bias where PyTorch has two; n has both, as in PyTorch. `gru-course` is the other form
struct Gru {
  Param Wx, Wh, b, bn;

  Gru(Builder p, CellSizes s);
  Hidden step(const Var& x, const Hidden& s) const;
  Hidden step(const Var& x, const Hidden& s, const Drop& d) const;  // gru_dropping.cpp
};

}  // namespace ebb
