#pragma once
#include <ebb/ops/array.hpp>
#include <ebb/ops/windows.hpp>

/// Convolutions of images and their two adjoints, on the kernels of matrix products. Windows are not unfolded: with
/// stride 1 an element of a window is at a fixed distance from the window's first, in an image with its zeros around
/// it, so the products read the image itself. With a larger stride this holds within each phase of the image, which are
/// its pixels `stride` apart, so each phase is copied into a plane of its own (ops/conv_planes.hpp). Internal; users
/// include nn/layers/conv.hpp.
///
///     y[b, o, p, q] = sum_cij x[b, c, p sh + i dh - before_h, q sw + j dw - before_w] W[(c i j), o]
///
/// The names of the adjoints are those of torch.nn.grad.
///
/// Shapes    x [B, C, H, W]; W [C Kh Kw, O]; y [B, O, H', W'], with H' = height.count(), W' = width.count()
/// Numerics  an element of y is one chain of fused multiply-adds in the order of (c i j), whatever the batch; one of
///           W's adjoint is a chain over each image's pixels, in order, over groups of images, which are summed pairwise
/// Cost      2 C Kh Kw O flops per pixel of y for each of the three, and a padded copy of one image per thread
/// Errors    none: the caller checks shapes, element types and windows
namespace ebb::detail {

Array conv2d(const Array& x, const Array& W, const Windows& height, const Windows& width);
/// The adjoint of x for the adjoint g of y.
Array conv2d_input(const Array& g, const Array& W, const Windows& height, const Windows& width);
/// The adjoint of W.
Array conv2d_weight(const Array& x, const Array& g, const Windows& height, const Windows& width);

}  // namespace ebb::detail
