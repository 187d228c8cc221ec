#pragma once
#include <ebb/autograd/sequence.hpp>
#include <ebb/nn/cell.hpp>
#include <ebb/nn/layers/conv_windows.hpp>

namespace ebb {

/// What stands around a sequence: nothing; as many zeros on either side as leave its length (an odd one more behind);
/// or all of them in front, so that no output sees a later input.
enum class Padding { none, same, causal };

struct Conv1dOptions {
  int kernel = 3, stride = 1, dilation = 1;  ///< steps
  Padding padding = Padding::none;
};

/// Convolution over the time of a sequence.
///
///     y[t] = b + sum_k x[t stride + k dilation - before] W[k],   W[k] rows k I to (k + 1) I of W
///
/// Shapes    x [T, B, I] -> [T', B, O], T' = (T + before + after - dilation (kernel - 1) - 1) / stride + 1, rounded
///           down; W [kernel I, O], b [O]
/// Init      W, b uniform in +-1/sqrt(kernel I)
/// Errors    ValueError if an option cannot be, as `same` with a stride; ShapeError if x is not [T, B, I] or the kernel
///           reaches over more steps than there are
/// Cost      2 kernel I O flops a row and step; keeps kernel I numbers
/// Differs   from PyTorch: W is its weight [O, I, kernel] with the axes turned round, as a matrix
struct Conv1d {
  Param W, b;
  Conv1dOptions options;

  Conv1d(Builder p, int input, int output, Conv1dOptions o = {});
  Sequence operator()(const Sequence& x, std::source_location where = std::source_location::current()) const;
};

/// The same with a W that is no parameter, as a normalised one, and without b.
Var conv1d(At x, At W, const Conv1dOptions&);

struct Conv2dOptions {
  Size2d kernel = 3, stride = 1, padding = 0, dilation = 1;  ///< pixels; padding: zeros on either side
};

/// Convolution of images.
///
///     y[., o, p, q] = b[o] + sum_cij x[., c, p stride + i dilation - padding, q stride + j dilation - padding] W[(c i j), o]
///
/// Shapes    x [B, I, H, W] -> [B, O, H', W'], with H' and W' as T' above; W [I Kh Kw, O], b [O]
/// Init      W, b uniform in +-1/sqrt(I Kh Kw)
/// Errors    ValueError if an option cannot be; ShapeError if x is not [B, I, H, W] or the kernel is larger than the
///           padded image
/// Cost      2 I Kh Kw O flops a pixel of y; keeps I Kh Kw numbers
/// Differs   from PyTorch: W is its weight [O, I, Kh, Kw] as a matrix, transposed
struct Conv2d {
  Param W, b;
  Conv2dOptions options;

  Conv2d(Builder p, int input, int output, Conv2dOptions o = {});
  Var operator()(At x) const;
};

}  // namespace ebb
