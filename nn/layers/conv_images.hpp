#pragma once
#include <ebb/autograd/functions.hpp>
#include <ebb/nn/layers/conv_windows.hpp>

namespace ebb::detail {

/// Convolution of images (ops/conv.hpp). Precondition: the windows were checked and match x.
///
/// Shapes    x [B, C, H, W], kernel [C Kh Kw, O] -> [B, O, H', W']
Var convolve_images(At x, At kernel, const Windows& height, const Windows& width);
/// The adjoint of x for the adjoint g of the result.
Var convolve_images_input(At g, At kernel, const Windows& height, const Windows& width);
/// The adjoint of the kernel, its weight.
Var convolve_images_weight(At x, At g, const Windows& height, const Windows& width);

}  // namespace ebb::detail
