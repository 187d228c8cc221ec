#pragma once
#include <ebb/autograd/functions.hpp>
#include <ebb/nn/layers/conv_windows.hpp>

/// Windows laid out as rows, so that a convolution is a product with the kernel. The windows must have been checked,
/// and x be what they were made for.
namespace ebb::detail {

/// Windows along time.
///
///     y[i, b, j C + c] = x[i stride + j dilation - before, b, c], zero outside
///
/// Shapes    x [T, B, C] -> [T', B, K C]
Var unfold_steps(At x, const Windows& time);

/// Windows over images: row (i, k) of an image holds channel after channel, each kernel row by row.
///
/// Shapes    x [B, C, H, W] -> [B, H' W', C Kh Kw]
Var unfold_images(At x, const Windows& height, const Windows& width);

}  // namespace ebb::detail
