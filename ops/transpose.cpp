#include <algorithm>
#include <cstring>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {
namespace {

constexpr int rank = Shape::max_rank;

/// An array's axes in the order of the result, aligned to the right of four.
struct Axes4 {
  std::int64_t extent[rank] = {1, 1, 1, 1}, stride[rank] = {};
};

Axes4 axes_of(const Array& x, const int* order) {
  std::int64_t stride[rank], next = 1;
  for (int k = x.rank() - 1; k >= 0; --k) {
    stride[k] = next;
    next = k == x.rank() - 1 ? x.row_stride() : next * x.dim(k);
  }
  Axes4 a;
  for (int k = 0; k < x.rank(); ++k) {
    a.extent[rank - x.rank() + k] = x.dim(order[k]);
    a.stride[rank - x.rank() + k] = stride[order[k]];
  }
  return a;
}

/// One matrix, in blocks that fit the first-level cache; `to` is dense.
template <class T>
void copy_matrix(const T* from, std::int64_t row, std::int64_t column, T* to, std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t block = 16;
  if (column == 1) {
    for (std::int64_t i = 0; i < rows; ++i)
      std::memcpy(to + i * columns, from + i * row, sizeof(T) * static_cast<std::size_t>(columns));
    return;
  }
  for (std::int64_t i0 = 0; i0 < rows; i0 += block)
    for (std::int64_t j0 = 0; j0 < columns; j0 += block)
      for (std::int64_t i = i0, i1 = std::min(rows, i0 + block); i < i1; ++i)
        for (std::int64_t j = j0, j1 = std::min(columns, j0 + block); j < j1; ++j)
          to[i * columns + j] = from[i * row + j * column];
}

}  // namespace

Array transpose(const Array& x, const int* order) {
  int extents[rank] = {};
  bool seen[rank] = {};
  for (int k = 0; k < x.rank(); ++k) {
    const int axis = x.shape().normal_axis(order[k]);
    if (seen[axis])
      throw ShapeError("transpose: axis " + std::to_string(axis) + " of " + text(x.shape()) + " is named twice");
    seen[axis] = true;
    extents[k] = x.dim(axis);
  }
  Array out = Array::empty(Shape(extents, x.rank()), x.dtype());
  int axes[rank] = {};
  for (int k = 0; k < x.rank(); ++k) axes[k] = x.shape().normal_axis(order[k]);
  const Axes4 a = axes_of(x, axes);
  if (out.size() == 0) return out;
  with_dtype(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* from = x.data<T>();
    T* to = out.data<T>();
    const std::int64_t matrix = a.extent[2] * a.extent[3];
    for (std::int64_t i = 0; i < a.extent[0]; ++i)
      for (std::int64_t j = 0; j < a.extent[1]; ++j)
        copy_matrix(from + i * a.stride[0] + j * a.stride[1], a.stride[2], a.stride[3],
                    to + (i * a.extent[1] + j) * matrix, a.extent[2], a.extent[3]);
  });
  return out;
}

Array transpose(const Array& x, std::initializer_list<int> order) {
  if (static_cast<int>(order.size()) != x.rank())
    throw ShapeError("transpose: " + std::to_string(order.size()) + (order.size() == 1 ? " axis" : " axes") +
                     " given for " + text(x.shape()));
  return transpose(x, order.begin());
}

Array transpose(const Array& x) {
  if (x.rank() < 2) throw ShapeError("transpose: " + text(x.shape()) + " has fewer than two axes");
  int order[rank] = {0, 1, 2, 3};
  std::swap(order[x.rank() - 1], order[x.rank() - 2]);
  return transpose(x, order);
}

}  // namespace ebb
