#pragma once
#include <cstring>
#include <ebb/ops/array.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

/// What the sources of ops share about rows and axes. Not part of the public face.
namespace ebb::detail {

/// Calls f(row) for every row of an array that has elements.
template <class F> void for_rows(const Array& a, F&& f) {
  if (a.size() == 0) return;
  for (std::int64_t r = 0, n = a.rows(); r < n; ++r) f(r);
}

/// Errors: ShapeError if an extent is left open with -1.
inline void require_known(const Shape& s) {
  for (int k = 0; k < s.rank(); ++k)
    if (s[k] < 0) throw ShapeError("array: an extent is left open in " + text(s));
}

/// The shape that `wanted` means for the elements of `from`: one extent may be -1.
Shape reshaped(const Shape& from, const Shape& wanted);

/// Byte by byte, shapes and element types equal.
void copy_rows(Array& to, const Array& from);

/// An array seen around one axis: element (o, i, n) of [outer, extent, inner].
struct Around {
  std::int64_t outer = 1, inner = 1;
  int extent = 1;
};
inline Around around(const Shape& s, int axis) {
  const int k = s.normal_axis(axis);
  Around a;
  a.extent = s[k];
  for (int j = 0; j < k; ++j) a.outer *= s[j];
  for (int j = k + 1; j < s.rank(); ++j) a.inner *= s[j];
  return a;
}

}  // namespace ebb::detail
