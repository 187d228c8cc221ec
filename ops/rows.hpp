#pragma once
#include <cstring>
#include <ebb/ops/array.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

/// Helpers for rows and axes. Internal.
namespace ebb::detail {

/// Calls f(row) for every row of a nonempty array.
template <class F> void for_rows(const Array& a, F&& f) {
  if (a.size() == 0) return;
  for (std::int64_t r = 0, n = a.rows(); r < n; ++r) f(r);
}

/// Position of an element in row-major order.
/// Errors    ShapeError with the index and the shape if there is no such element
std::int64_t flat_index(const Shape&, std::initializer_list<int> index);

/// Errors: ShapeError if an extent is -1.
inline void require_known(const Shape& s) {
  for (int k = 0; k < s.rank(); ++k)
    if (s[k] < 0) throw ShapeError("array: unknown extent -1 in " + text(s));
}

/// Resolves `wanted`, in which one extent may be -1, for the number of elements of `from`.
Shape reshaped(const Shape& from, const Shape& wanted);

/// Shapes and element types must be equal.
void copy_rows(Array& to, const Array& from);

/// An array viewed as [outer, extent, inner] around one axis.
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
