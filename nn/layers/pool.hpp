#pragma once
#include <ebb/autograd/sequence.hpp>
#include <ebb/nn/layers/conv_windows.hpp>

/// The largest, or the mean, of the numbers in windows over time or over images.
namespace ebb {

struct Pool1dOptions {
  int kernel = 2;   ///< steps
  int stride = 0;   ///< steps; 0: the kernel's
  int padding = 0;  ///< steps on either side, at most half the kernel
};
struct Pool2dOptions {
  Size2d kernel = 2, stride = 0, padding = 0;  ///< pixels, as above
};

/// y[t] = max over k of x[t stride + k - padding], of each row and channel by itself
///
/// Shapes    x [T, B, C] -> [T', B, C], T' = (T + 2 padding - kernel) / stride + 1, rounded down
/// Errors    ValueError if an option cannot be; ShapeError if x is not [T, B, C] or the kernel is longer than the
///           padded sequence
/// Numerics  the first of equal numbers has the gradient; NaN if a number is; what stands around x is never the largest
Sequence max_pool1d(const Sequence& x, const Pool1dOptions& o = {},
                    std::source_location where = std::source_location::current());
/// The mean instead. What stands around x is zero, and counts.
Sequence mean_pool1d(const Sequence& x, const Pool1dOptions& o = {},
                     std::source_location where = std::source_location::current());

/// The same over images: x [B, C, H, W] -> [B, C, H', W'].
Var max_pool2d(At x, const Pool2dOptions& o = {});
Var mean_pool2d(At x, const Pool2dOptions& o = {});

}  // namespace ebb
