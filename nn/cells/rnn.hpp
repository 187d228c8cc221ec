#pragma once
#include <ebb/nn/cell.hpp>

namespace ebb {

/// Vanilla recurrent network.
///
///     h' = f(x W + h U + b)
///
/// Shapes    x [B, I]; h [B, H]; W [I, H], U [H, H], b [H]
/// Options   activation=tanh|relu|sigmoid|linear, the function f
///           recurrent=uniform|orthogonal|xavier|identity, the initialiser of U
/// Init      W, U, b uniform in +-1/sqrt(H); or U by `recurrent`: orthogonal (Saxe et al. 2014), Xavier-uniform (Glorot
///           & Bengio 2010), or the identity (with relu the IRNN of Le et al. 2015, arXiv:1504.00941)
/// Errors    ShapeError if x is not [B, I] or h is not [B, H]
/// Cost      2 H (I + H) flops and H kept values (h') per row and step
/// Source    Elman 1990, doi:10.1207/s15516709cog1402_1
/// Differs   one bias where PyTorch has two. The initialisation does not depend on the activation, as in PyTorch
struct Rnn {
  enum class Activation { tanh, relu, sigmoid, linear };
  Param W, U, b;
  Activation activation;

  Rnn(Builder p, CellSizes s);
  Hidden step(const Var& x, const Hidden& s) const;
  Hidden step(const Var& x, const Hidden& s, const StateDrop& d) const { return step(x, Hidden{d.state(s.h)}); }
};

}  // namespace ebb
