#pragma once
#include <ebb/ops/windows.hpp>

namespace ebb {

/// A size along the height and the width of an image; a single number is used for both.
struct Size2d {
  int h, w;
  constexpr Size2d(int both) : h(both), w(both) {}
  constexpr Size2d(int height, int width) : h(height), w(width) {}
};

namespace detail {

/// Errors    ValueError for invalid values; ShapeError if the kernel is larger than the padded axis. Messages begin
///           with `op` and name the axis
void check(const Windows&, const char* op, const char* axis);

}  // namespace detail
}  // namespace ebb
