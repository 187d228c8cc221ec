#pragma once

namespace ebb::detail {

/// The windows of a kernel along one axis: element j of window i is entry i stride + j dilation - before. Internal.
struct Windows {
  int size = 1;  ///< entries of the axis
  int kernel = 1, stride = 1, dilation = 1;
  int before = 0, after = 0;                             ///< zeros around the axis
  int reach() const { return dilation * (kernel - 1); }  ///< entries of a window after its first
  int count() const { return (size + before + after - reach() - 1) / stride + 1; }
  int entry(int window, int number) const { return window * stride + number * dilation - before; }
  bool inside(int entry) const { return entry >= 0 && entry < size; }
  /// Whether window i is entry i.
  bool identity() const { return kernel == 1 && stride == 1 && before == 0 && after == 0; }
};

}  // namespace ebb::detail
