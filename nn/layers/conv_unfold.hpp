#pragma once
#include <ebb/autograd/functions.hpp>
#include <ebb/nn/layers/conv_windows.hpp>

/// Windows as rows, so that a convolution is a matrix product with the kernel. Precondition: the windows were checked
/// and match x.
namespace ebb::detail {

/// Windows along time.
///
///     y[i, b, j C + c] = x[i stride + j dilation - before, b, c], zero outside
///
/// Shapes    x [T, B, C] -> [T', B, K C]
Var unfold_steps(At x, const Windows& time);

/// Windows over images: row (i, k) of an image has the channels one after another, each kernel in row-major order.
///
/// Shapes    x [B, C, H, W] -> [B, H' W', C Kh Kw]
Var unfold_images(At x, const Windows& height, const Windows& width);

}  // namespace ebb::detail
