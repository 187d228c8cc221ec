#pragma once
#include <ebb/nn/cell.hpp>

namespace ebb {

/// Gated recurrent unit as taught in courses: the reset gate acts before the product, and z writes.
///
///     [r z] = sigmoid(x Wx + h Wh + b), with the blocks r and z of x Wx + b
///     n = tanh(x Wx + (r * h) Un + b), with the block n
///     h' = (1 - z) * h + z * n
///
/// Shapes    x [B, I]; h [B, H]; Wx [I, 3H] and b [3H] in blocks r, z, n; Wh [H, 2H], Un [H, H]
/// Options   update_bias=0, as in `gru`: above 0 the cell keeps its state. Since z writes here, the initial value of
///           b's update block is minus this number; 0: initialised like the rest
/// Init      Wx, Wh, Un, b uniform in +-1/sqrt(H)
/// Errors    ShapeError if x is not [B, I] or h is not [B, H]
/// Cost      6 H (I + H) flops and 6 H kept values per row and step
/// Source    Cho et al. 2014, arXiv:1406.1078; z as in Chung et al. 2014, arXiv:1412.3555
/// Differs   from PyTorch and `gru`: the reset acts before the product, and z and 1 - z are swapped
struct GruCourse {
  Param Wx, Wh, Un, b;

  GruCourse(Builder p, CellSizes s);
  Hidden step(const Var& x, const Hidden& s) const;
  Hidden step(const Var& x, const Hidden& s, const Drop& d) const;  // gru_course_dropping.cpp
};

}  // namespace ebb
