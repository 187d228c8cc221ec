#include <algorithm>
#include <cmath>
#include <ebb/ops/error.hpp>
#include <ebb/ops/kernels.hpp>
#include <ebb/ops/reduce.hpp>
#include <ebb/ops/rows.hpp>
#include <ebb/ops/text.hpp>
#include <vector>

namespace ebb {
namespace {

/// Position of the first maximum of n values `stride` apart; the first NaN counts as the maximum.
template <class T> int first_largest(const T* x, std::int64_t stride, int n) {
  int best = 0;
  for (int i = 0; i < n; ++i) {
    const T v = x[i * stride];
    if (std::isnan(v)) return i;
    if (v > x[best * stride]) best = i;
  }
  return best;
}

constexpr int longest_running = 1 << 12;  // values summed in one chain; longer scans are split into blocks
constexpr int running_block = 1 << 8;

/// Running sums over n rows of `width` values, in the direction of the sum.
template <class T> void running(const T* x, T* y, std::int64_t stride, int n, std::int64_t width, bool from_end) {
  for (int i = 0; i < n; ++i) {
    const std::int64_t row = from_end ? n - 1 - i : i, before = from_end ? row + 1 : row - 1;
    for (std::int64_t j = 0; j < width; ++j)
      y[row * width + j] = i == 0 ? x[row * stride + j] : y[before * width + j] + x[row * stride + j];
  }
}

/// The same for many rows: block by block, with the preceding total carried in float64.
template <class T>
void running_blocks(const T* x, T* y, std::int64_t stride, int n, std::int64_t width, bool from_end) {
  std::vector<double> carried(static_cast<std::size_t>(width));
  for (int done = 0; done < n; done += running_block) {
    const int rows = std::min(running_block, n - done), first = from_end ? n - done - rows : done;
    T* const own = y + first * width;
    running(x + first * stride, own, stride, rows, width, from_end);
    for (std::int64_t j = 0; j < width; ++j) {
      double& before = carried[static_cast<std::size_t>(j)];
      const double sum = before + static_cast<double>(own[(from_end ? 0 : rows - 1) * width + j]);
      for (int r = 0; done > 0 && r < rows; ++r)
        own[r * width + j] = static_cast<T>(before + static_cast<double>(own[r * width + j]));
      before = sum;
    }
  }
}

}  // namespace

Tokens argmax(const Array& x, int axis) {
  if (x.rank() == 0 || x.dim(axis) == 0) throw ShapeError("argmax: no elements in " + text(x.shape()));
  const int k = x.shape().normal_axis(axis);
  Tokens out(x.shape().without(k));
  if (k == x.rank() - 1) {
    detail::reduce_kernels().row_argmax[x.dtype() == f32 ? 0 : 1]({.in = x.raw(),
                                                                   .in_stride = x.row_stride(),
                                                                   .rows = x.rows(),
                                                                   .columns = x.columns(),
                                                                   .out = out.data(),
                                                                   .out_stride = 1});
    return out;
  }
  const Array flat = x.compact();
  const detail::Around a = detail::around(x.shape(), k);
  with_dtype(x.dtype(), [&](auto zero) {
    const auto* p = flat.data<decltype(zero)>();
    for (std::int64_t o = 0; o < a.outer; ++o)
      for (std::int64_t i = 0; i < a.inner; ++i)
        out.data()[o * a.inner + i] = first_largest(p + o * a.extent * a.inner + i, a.inner, a.extent);
  });
  return out;
}

Array cumsum(const Array& x, int axis, bool from_end) {
  const int k = x.shape().normal_axis(axis);
  const bool rows = k == x.rank() - 1;
  const Array in = rows ? x : x.compact();
  Array out = Array::empty(x.shape(), x.dtype());
  const detail::Around a = detail::around(x.shape(), k);
  const std::int64_t next = rows ? x.row_stride() : a.extent * a.inner;
  with_dtype(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t o = 0; o < a.outer; ++o)
      (a.extent <= longest_running ? running<T> : running_blocks<T>)(in.data<T>() + o * next,
                                                                     out.data<T>() + o * a.extent * a.inner,
                                                                     rows ? 1 : a.inner, a.extent, a.inner, from_end);
  });
  return out;
}

}  // namespace ebb
