#include <algorithm>
#include <cmath>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/kernels.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/pool_allocator.hpp>
#include <ebb/ops/reduce.hpp>
#include <ebb/ops/rows.hpp>
#include <ebb/ops/text.hpp>
#include <mutex>
#include <string>

namespace ebb {
namespace {

using detail::ReduceKernel;
using detail::ReduceTask;

constexpr std::int64_t reduce_grain = 1 << 15;  // elements per thread
constexpr std::int64_t whole_grain = 1 << 17;   // the same for reductions to one number, which are fast
constexpr std::int64_t stretch = 1 << 14;       // longer rows are summed in stretches, for precision and for threading

const char* byte(const Array& a, std::int64_t element) {
  return static_cast<const char*>(a.raw()) + element * static_cast<std::int64_t>(bytes_of(a.dtype()));
}

/// The kernels that reduce along rows and along columns.
struct Kind {
  const ReduceKernel *row, *column;
};

void run_rows(ReduceKernel kernel, const ReduceTask& all, std::size_t size) {
  const auto row_grain = std::max<std::int64_t>(1, reduce_grain / std::max<std::int64_t>(1, all.columns));
  parallel_for(all.rows, row_grain, [&](std::int64_t begin, std::int64_t end) {
    ReduceTask t = all;
    t.in = static_cast<const char*>(all.in) + begin * all.in_stride * static_cast<std::int64_t>(size);
    t.out = static_cast<char*>(all.out) + begin * all.out_stride * static_cast<std::int64_t>(size);
    t.rows = end - begin;
    kernel(t);
  });
}

/// Reduces each row of x to one value; of a long row, its stretches first, then their results as a new row.
void reduce_rows(const Kind& kind, const ReduceTask& all, DType type) {
  const ReduceKernel kernel = kind.row[type == f32 ? 0 : 1];
  const std::size_t size = bytes_of(type);
  if (all.columns <= stretch) return run_rows(kernel, all, size);
  const std::int64_t pieces = (all.columns + stretch - 1) / stretch;
  Array partial = Array::empty({static_cast<int>(pieces)}, type);
  for (std::int64_t r = 0; r < all.rows; ++r) {
    const char* row = static_cast<const char*>(all.in) + r * all.in_stride * static_cast<std::int64_t>(size);
    parallel_for(pieces, reduce_grain / stretch, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t p = begin; p < end; ++p)
        kernel({.in = row + static_cast<std::size_t>(p * stretch) * size,
                .in_stride = 0,
                .rows = 1,
                .columns = std::min(stretch, all.columns - p * stretch),
                .out = static_cast<char*>(partial.raw()) + static_cast<std::size_t>(p) * size,
                .out_stride = 0});
    });
    reduce_rows(kind,
                {.in = partial.raw(),
                 .in_stride = pieces,
                 .rows = 1,
                 .columns = pieces,
                 .out = static_cast<char*>(all.out) + r * all.out_stride * static_cast<std::int64_t>(size),
                 .out_stride = 1},
                type);
  }
}

/// Reduces the adjacent axes [from, to) of x to extent one.
Array reduce_run(const Kind& kind, Array x, int from, int to) {
  Shape shape = x.shape();
  std::int64_t outer = 1, extent = 1, inner = 1;
  for (int k = 0; k < x.rank(); ++k) {
    (k < from ? outer : k < to ? extent : inner) *= shape[k];
    if (k >= from && k < to) shape = shape.with(k, 1);
  }
  Array out = Array::empty(shape, x.dtype());
  if (to == x.rank()) {
    if (to - from > 1) x = x.compact();
    const std::int64_t stride = to - from > 1 ? extent : x.row_stride();
    reduce_rows(
        kind, {.in = x.raw(), .in_stride = stride, .rows = outer, .columns = extent, .out = out.raw(), .out_stride = 1},
        x.dtype());
    return out;
  }
  if (to + 1 < x.rank()) x = x.compact();  // columns span several axes
  const bool flat = to + 1 < x.rank();
  const std::int64_t stride = flat ? inner : x.row_stride();
  for (std::int64_t o = 0; o < outer; ++o)
    kind.column[detail::type_index(x.dtype())]({.in = byte(x, o * extent * stride),
                                                .in_stride = stride,
                                                .rows = extent,
                                                .columns = inner,
                                                .out = const_cast<char*>(byte(out, o * inner)),
                                                .out_stride = inner});
  return out;
}

/// Flags for the axes of a shape to reduce.
struct Marked {
  bool axis[Shape::max_rank];
  bool operator[](int k) const { return axis[k]; }
};
Marked marked(const Shape& s, const Axes& axes) {
  Marked m{{axes.all, axes.all, axes.all, axes.all}};
  for (int k = 0; k < axes.count; ++k) {
    bool& axis = m.axis[s.normal_axis(axes.axis[k])];
    if (axis) throw ShapeError("reduce: axis " + std::to_string(axes.axis[k]) + " of " + text(s) + " is named twice");
    axis = true;
  }
  return m;
}

Shape reduced(const Shape& s, const Marked& gone, Keep keep) {
  int extents[Shape::max_rank], rank = 0;
  for (int k = 0; k < s.rank(); ++k) {
    if (!gone[k]) extents[rank++] = s[k];
    else if (keep == Keep::yes) extents[rank++] = 1;
  }
  return Shape(extents, rank);
}

Array reduce(const Kind& kind, const Array& x, const Axes& axes, Keep keep) {
  const Marked gone = marked(x.shape(), axes);
  const Shape shape = reduced(x.shape(), gone, keep);
  if (x.size() == 0) return Array::zeros(shape, x.dtype());
  Array y = x;
  // From the last group of axes to the first, so that rows are summed before columns.
  for (int to = x.rank(); to > 0;) {
    if (!gone[to - 1]) {
      --to;
      continue;
    }
    int from = to;
    while (from > 0 && gone[from - 1]) --from;
    y = reduce_run(kind, y, from, to);
    to = from;
  }
  return y.same_memory(x) ? x.copy() : y.reshape(shape);
}

Kind sums() { return {detail::reduce_kernels().row_sum, detail::reduce_kernels().column_sum}; }
Kind maxima() { return {detail::reduce_kernels().row_max, detail::reduce_kernels().column_max}; }

std::int64_t reduced_count(const Shape& s, const Axes& axes) {
  const Marked gone = marked(s, axes);
  std::int64_t n = 1;
  for (int k = 0; k < s.rank(); ++k)
    if (gone[k]) n *= s[k];
  return n;
}

}  // namespace

Array sum(const Array& x, Axes axes, Keep keep) { return reduce(sums(), x, axes, keep); }

Array mean(const Array& x, Axes axes, Keep keep) {
  Array y = sum(x, axes, keep);
  scale_in_place(y, 1. / static_cast<double>(reduced_count(x.shape(), axes)));
  return y;
}

Array amax(const Array& x, Axes axes, Keep keep) {
  if (reduced_count(x.shape(), axes) == 0) throw ShapeError("amax: no elements in " + text(x.shape()));
  return reduce(maxima(), x, axes, keep);
}

Array sum_to(const Array& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  const int extra = x.rank() - shape.rank();
  bool fits = extra >= 0;
  Axes axes;
  axes.all = false;
  for (int k = 0; fits && k < x.rank(); ++k) {
    const int wanted = k < extra ? 1 : shape[k - extra];
    if (wanted == x.dim(k) && k >= extra) continue;
    fits = wanted == 1;
    axes.axis[axes.count++] = k;
  }
  if (!fits) throw ShapeError("sum_to: " + text(shape) + " does not broadcast to " + text(x.shape()));
  return sum(x, axes, Keep::yes).reshape(shape);
}

Array broadcast_to(const Array& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  if (!(broadcast(x.shape(), shape, "broadcast_to") == shape))
    throw ShapeError("broadcast_to: " + text(x.shape()) + " does not broadcast to " + text(shape));
  return x + Array::zeros(shape, x.dtype());
}

double sum_of_squares(const Array& x) {
  const auto kernel = detail::reduce_kernels().squares[detail::type_index(x.dtype())];
  const bool flat = x.contiguous();
  const std::int64_t columns = flat ? x.size() : x.columns(), rows = flat ? 1 : x.rows();
  const std::int64_t pieces = (columns + stretch - 1) / stretch;
  PoolVector<double> sums(static_cast<std::size_t>(pieces));
  double sum = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    parallel_for(pieces, whole_grain / stretch, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t p = begin; p < end; ++p)
        sums[static_cast<std::size_t>(p)] =
            kernel(byte(x, r * x.row_stride() + p * stretch), std::min(stretch, columns - p * stretch));
    });
    for (const double one : sums) sum += one;  // in order, whatever the number of threads
  }
  return sum;
}

double largest_magnitude(const Array& x) {
  const auto kernel = detail::reduce_kernels().magnitude[detail::type_index(x.dtype())];
  double m = 0;
  if (x.size() == 0) return m;
  const bool flat = x.contiguous();
  std::mutex largest;
  for (std::int64_t r = 0, rows = flat ? 1 : x.rows(); r < rows; ++r)
    parallel_for(flat ? x.size() : x.columns(), whole_grain, [&](std::int64_t begin, std::int64_t end) {
      const double one = kernel(byte(x, r * x.row_stride() + begin), end - begin);
      const std::lock_guard hold(largest);
      if (one > m || std::isnan(one)) m = one;
    });
  return m;
}

}  // namespace ebb
