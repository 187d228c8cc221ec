#pragma once
#include <ebb/nn/cell.hpp>

namespace ebb {

/// Gated recurrent unit in PyTorch's form: the reset gate acts after the product, and z keeps.
///
///     [r z n] = x Wx + b;   [hr hz hn] = h Wh
///     r = sigmoid(r + hr);   z = sigmoid(z + hz);   n = tanh(n + r * (hn + bn))
///     h' = (1 - z) * n + z * h
///
/// Shapes    x [B, I]; h [B, H]; Wx [I, 3H], Wh [H, 3H], b [3H], bn [H]
/// Options   update_bias=0, the start of b's update block; above 0 the gate keeps; 0 starts it like the rest
/// Init      Wx, Wh, b, bn uniform in +-1/sqrt(H)
/// Errors    ShapeError if x is not [B, I] or h is not [B, H]
/// Cost      6 H (I + H) flops a row and step; keeps 5 H numbers
/// Source    Cho et al. 2014, arXiv:1406.1078; the order of reset and product as in cuDNN and PyTorch
/// Differs   r and z have one bias where PyTorch keeps two; n has both, as there; `gru-course` is the other form
struct Gru {
  Param Wx, Wh, b, bn;

  Gru(Builder p, CellSizes s);
  Hidden step(const Var& x, const Hidden& s) const;
  Hidden step(const Var& x, const Hidden& s, const Drop& d) const;  // gru_dropping.cpp
};

}  // namespace ebb
