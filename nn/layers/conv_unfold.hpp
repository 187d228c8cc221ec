#pragma once
#include <ebb/autograd/functions.hpp>
#include <ebb/nn/layers/conv_windows.hpp>

namespace ebb::detail {

/// Windows along time as rows, so that a convolution is a matrix product with the kernel. Precondition: the windows
/// were checked and match x.
///
///     y[i, b, j C + c] = x[i stride + j dilation - before, b, c], zero outside
///
/// Shapes    x [T, B, C] -> [T', B, K C]
Var unfold_steps(At x, const Windows& time);

}  // namespace ebb::detail
