#include <fmt/format.h>
#include <algorithm>
#include <ebb/autograd/op.hpp>
#include <ebb/nn/layers/pool.hpp>
#include <ebb/nn/shipped_op.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/text.hpp>
#include <limits>

namespace ebb {

namespace {

using detail::Windows;

constexpr std::int64_t grain = 1 << 13;  // windows per thread

/// Sequences and images as planes of height times width positions, each with `inner` values that are pooled separately.
struct Grid {
  std::int64_t planes, inner;
  Windows height, width;
  Shape from, to;
  std::int64_t places() const { return std::int64_t{height.count()} * width.count(); }
  int area() const { return height.kernel * width.kernel; }
};

/// Calls f(position in x, position in y), each of `inner` values, for each element of each window of planes [begin,
/// end), in the order of y and row by row within a window.
template <class F> void over_windows(const Grid& d, std::int64_t begin, std::int64_t end, F&& f) {
  const std::int64_t plane = std::int64_t{d.height.size} * d.width.size;
  for (std::int64_t n = begin; n < end; ++n)
    for (int p = 0; p < d.height.count(); ++p)
      for (int q = 0; q < d.width.count(); ++q) {
        const std::int64_t to = (n * d.places() + std::int64_t{p} * d.width.count() + q) * d.inner;
        const int r1 = std::min(d.height.size, d.height.entry(p, d.height.kernel));
        const int s1 = std::min(d.width.size, d.width.entry(q, d.width.kernel));
        for (int r = std::max(0, d.height.entry(p, 0)); r < r1; ++r)
          for (int s = std::max(0, d.width.entry(q, 0)); s < s1; ++s)
            f((n * plane + std::int64_t{r} * d.width.size + s) * d.inner, to);
      }
}

std::int64_t planes_per_thread(const Grid& d) { return grain / (d.places() * d.inner * d.area() + 1) + 1; }

/// The position in x of each window's maximum: the first of equal ones, or a NaN.
Tokens largest(const Array& x, const Grid& d) {
  Tokens at(d.to);
  std::fill_n(at.data(), at.size(), -1);
  with_dtype(x.dtype(), [&](auto zero) {
    const auto* v = x.data<decltype(zero)>();
    parallel_for(d.planes, planes_per_thread(d), [&](std::int64_t begin, std::int64_t end) {
      over_windows(d, begin, end, [&](std::int64_t from, std::int64_t to) {
        for (std::int64_t k = 0; k < d.inner; ++k) {
          int& best = at.data()[to + k];
          if (best < 0 || v[from + k] > v[best] || v[from + k] != v[from + k]) best = static_cast<int>(from + k);
        }
      });
    });
  });
  return at;
}

/// y[k] = x[at[k]], with x in row-major order, or its adjoint.
struct Chosen {
  static constexpr auto tried_by = NnOp::max_pool;
  static constexpr auto name = "max_pool";
  static constexpr unsigned needs = need_nothing;
  Tokens at;
  Shape from, to;
  bool back;
  Array value(const Array& some) const {
    const Array x = some.compact();
    Array y = Array::zeros(back ? from : to, x.dtype());
    with_dtype(x.dtype(), [&](auto zero) {
      using T = decltype(zero);
      const T* in = x.data<T>();
      T* out = y.data<T>();
      for (std::int64_t k = 0; k < at.size(); ++k) {
        if (back) out[at.data()[k]] += in[k];
        else out[k] = in[at.data()[k]];
      }
    });
    return y;
  }
  Var vjp(const Var& g, const Var&, const Var&) const { return apply(Chosen{at, from, to, !back}, g); }
};

/// The mean of each window, or its adjoint.
struct WindowMean {
  static constexpr auto tried_by = NnOp::mean_pool;
  static constexpr auto name = "mean_pool";
  static constexpr unsigned needs = need_nothing;
  Grid grid;
  bool back;
  Array value(const Array& some) const {
    const Array x = some.compact();
    Array y = Array::zeros(back ? grid.from : grid.to, x.dtype());
    with_dtype(x.dtype(), [&](auto zero) {
      using T = decltype(zero);
      const T share = T(1) / static_cast<T>(grid.area());
      const T* in = x.data<T>();
      T* out = y.data<T>();
      parallel_for(grid.planes, planes_per_thread(grid), [&](std::int64_t begin, std::int64_t end) {
        over_windows(grid, begin, end, [&](std::int64_t a, std::int64_t b) {
          const T* from = in + (back ? b : a);
          T* to = out + (back ? a : b);
          for (std::int64_t k = 0; k < grid.inner; ++k) to[k] += share * from[k];
        });
      });
    });
    return y;
  }
  Var vjp(const Var& g, const Var&, const Var&) const { return apply(WindowMean{grid, !back}, g); }
};

Windows windows_of(const char* op, const char* axis, int size, int kernel, int stride, int padding) {
  const Windows w{size, kernel, stride == 0 ? kernel : stride, 1, padding, padding};
  detail::check(w, op, axis);
  if (2 * padding > kernel)
    throw ValueError(
        fmt::format("{}: padding must be at most half the kernel, but along the {} it is {} with a kernel of {}", op,
                    axis, padding, kernel));
  return w;
}

Grid grid_of(const char* op, const Shape& x, const Pool1dOptions& o) {
  if (x.rank() != 3) throw ShapeError(fmt::format("{}: x must be a sequence [T, B, C], but is {}", op, text(x)));
  const Windows time = windows_of(op, "time", x[0], o.kernel, o.stride, o.padding);
  return {1, std::int64_t{x[1]} * x[2], time, Windows{}, x, x.with(0, time.count())};
}

Grid grid_of(const char* op, const Shape& x, const Pool2dOptions& o) {
  if (x.rank() != 4) throw ShapeError(fmt::format("{}: x must be images [B, C, H, W], but is {}", op, text(x)));
  const Windows height = windows_of(op, "height", x[2], o.kernel.h, o.stride.h, o.padding.h);
  const Windows width = windows_of(op, "width", x[3], o.kernel.w, o.stride.w, o.padding.w);
  return {std::int64_t{x[0]} * x[1], 1, height, width, x, x.with(2, height.count()).with(3, width.count())};
}

template <class Options> Var max_pool(const char* op, At x, const Options& o) {
  const auto [grid, at] = detail::located(x.where, [&] {
    const Grid d = grid_of(op, x.var.shape(), o);
    if (d.from.size() > std::numeric_limits<int>::max())
      throw ShapeError(fmt::format("{}: {} has too many elements to index", op, text(d.from)));
    return std::pair{d, largest(x.var.value().compact(), d)};
  });
  return apply(Chosen{at, grid.from, grid.to, false}, std::move(x));
}

template <class Options> Var mean_pool(const char* op, At x, const Options& o) {
  const Grid grid = detail::located(x.where, [&] { return grid_of(op, x.var.shape(), o); });
  return apply(WindowMean{grid, false}, std::move(x));
}

}  // namespace

Sequence max_pool1d(const Sequence& x, const Pool1dOptions& o, std::source_location where) {
  return max_pool("max_pool1d", At(x.all(), where), o);
}
Sequence mean_pool1d(const Sequence& x, const Pool1dOptions& o, std::source_location where) {
  return mean_pool("mean_pool1d", At(x.all(), where), o);
}
Var max_pool2d(At x, const Pool2dOptions& o) { return max_pool("max_pool2d", std::move(x), o); }
Var mean_pool2d(At x, const Pool2dOptions& o) { return mean_pool("mean_pool2d", std::move(x), o); }

}  // namespace ebb
