#pragma once
#include <ebb/autograd/sequence.hpp>
#include <ebb/nn/layers/conv_windows.hpp>

/// Max and mean pooling over time or over images.
namespace ebb {

struct Pool1dOptions {
  int kernel = 2;   ///< steps
  int stride = 0;   ///< steps; 0: the kernel's
  int padding = 0;  ///< steps on each side, at most half the kernel
};
struct Pool2dOptions {
  Size2d kernel = 2, stride = 0, padding = 0;  ///< pixels, as above
};

/// y[t] = max over k of x[t stride + k - padding], for each row and channel
///
/// Shapes    x [T, B, C] -> [T', B, C], T' = floor((T + 2 padding - kernel) / stride) + 1
/// Errors    ValueError for invalid options; ShapeError if x is not [T, B, C] or its padded length is below kernel
/// Numerics  the first of equal maxima receives the gradient; NaN if any element is; the padding is never the maximum
Sequence max_pool1d(const Sequence& x, const Pool1dOptions& o = {},
                    std::source_location where = std::source_location::current());
/// The mean instead. The padding counts as zeros.
Sequence mean_pool1d(const Sequence& x, const Pool1dOptions& o = {},
                     std::source_location where = std::source_location::current());

/// The same over images: x [B, C, H, W] -> [B, C, H', W'].
Var max_pool2d(At x, const Pool2dOptions& o = {});
Var mean_pool2d(At x, const Pool2dOptions& o = {});

}  // namespace ebb
