#pragma once
#include <ebb/autograd/functions.hpp>
#include <ebb/nn/param.hpp>

namespace ebb {

/// Layer normalisation: each row is shifted to mean zero and scaled to variance one, then by a learned gain and shift.
///
///     gain * (x - m) / sqrt(v + epsilon) + shift,   m and v the mean and (biased) variance of the row
///
/// Shapes    x [..., N]; gain, shift [N]
/// Numerics  rows whose squares would leave the type's range are first scaled by a power of two
/// Source    Ba et al. 2016, arXiv:1607.06450
Var layer_norm(At x, At gain, At shift, double epsilon = 1e-5);

/// The same as a layer with parameters.
///
/// Init      gain one, shift zero
struct LayerNorm {
  Param gain, shift;
  LayerNorm(Builder p, int width);
  Var operator()(At x) const;
};

}  // namespace ebb
