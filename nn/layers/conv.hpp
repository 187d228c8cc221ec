#pragma once
#include <ebb/autograd/sequence.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/nn/layers/conv_windows.hpp>

namespace ebb {

/// Zero padding of a sequence: none; on both sides so that the length is unchanged (if odd, one more at the end); or
/// all at the beginning, so that no output depends on later inputs.
enum class Padding { none, same, causal };

struct Conv1dOptions {
  int kernel = 3, stride = 1, dilation = 1;  ///< steps
  Padding padding = Padding::none;
};

/// Convolution over the time of a sequence.
///
///     y[t] = b + sum_k x[t stride + k dilation - before] W[k],   W[k] rows k I to (k + 1) I of W
///
/// Shapes    x [T, B, I] -> [T', B, O], T' = floor((T + before + after - dilation (kernel - 1) - 1) / stride) + 1; W
///           [kernel I, O], b [O]
/// Init      W, b uniform in +-1/sqrt(kernel I)
/// Errors    ValueError for invalid options, such as `same` with a stride; ShapeError if x is not [T, B, I] or the
///           kernel is longer than the padded sequence
/// Cost      2 kernel I O flops and kernel I kept values per row and step
/// Differs   from PyTorch: W is its weight [O, I, kernel] with axes reversed, as a matrix
struct Conv1d {
  Param W, b;
  Conv1dOptions options;

  Conv1d(Builder p, int input, int output, Conv1dOptions o = {});
  Sequence operator()(const Sequence& x, std::source_location where = std::source_location::current()) const;
};

/// The same with any W, such as a normalised one, and without b.
Var conv1d(At x, At W, const Conv1dOptions&);

struct Conv2dOptions {
  Size2d kernel = 3, stride = 1, padding = 0, dilation = 1;  ///< pixels; padding: zeros on each side
};

/// Convolution of images.
///
///     y[., o, p, q] = b[o] + sum_cij x[., c, p stride + i dilation - padding, q stride + j dilation - padding] W[(c i j), o]
///
/// Shapes    x [B, I, H, W] -> [B, O, H', W'], with H' and W' as T' above; W [I Kh Kw, O], b [O]
/// Init      W, b uniform in +-1/sqrt(I Kh Kw)
/// Errors    ValueError for invalid options; ShapeError if x is not [B, I, H, W] or the kernel is larger than the
///           padded image
/// Cost      2 I Kh Kw O flops per pixel of y; kept: x
/// Numerics  the products read the image itself (ops/conv.hpp)
/// Differs   from PyTorch: W is its weight [O, I, Kh, Kw] as a matrix, transposed
struct Conv2d {
  Param W, b;
  Conv2dOptions options;

  Conv2d(Builder p, int input, int output, Conv2dOptions o = {});
  Var operator()(At x) const;
};

}  // namespace ebb
