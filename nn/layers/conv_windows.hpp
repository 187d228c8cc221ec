#pragma once

namespace ebb {

/// A size along the height and the width of an image; a single number is used for both.
struct Size2d {
  int h, w;
  constexpr Size2d(int both) : h(both), w(both) {}
  constexpr Size2d(int height, int width) : h(height), w(width) {}
};

namespace detail {

/// The windows of a kernel along one axis: element j of window i is entry i stride + j dilation - before.
struct Windows {
  int size = 1;  ///< entries of the axis
  int kernel = 1, stride = 1, dilation = 1;
  int before = 0, after = 0;  ///< zeros around the axis
  int count() const { return (size + before + after - dilation * (kernel - 1) - 1) / stride + 1; }
  int entry(int window, int number) const { return window * stride + number * dilation - before; }
  bool inside(int entry) const { return entry >= 0 && entry < size; }
  bool baseline() const { return kernel == 1 && stride == 1 && before == 0 && after == 0; }
};

/// Errors    ValueError for invalid values; ShapeError if the kernel is larger than the padded axis. Messages begin
///           with `op` and name the axis
void check(const Windows&, const char* op, const char* axis);

}  // namespace detail
}  // namespace ebb
