#include <algorithm>
#include <cstring>
#include <ebb/ops/conv.hpp>
#include <ebb/ops/dtype.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/kernels.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/parallel.hpp>
#include <vector>

namespace ebb::detail {

namespace {

constexpr int images_per_sum = 8;   // of W's adjoint: a chain over their pixels
constexpr std::int64_t slack = 64;  // elements that a tile may read after the last image row that it needs

/// One convolution of `channels` planes, with the zeros around them in a copy of each image.
struct Plan {
  int channels;
  Windows h, w;
  int rows, columns;  // of the padded plane
  std::int64_t plane;
  int out_rows, out_columns;
  std::vector<std::int64_t> offset;  // in the padded image, of each (c i j) from a window's first pixel

  Plan(int c, const Windows& height, const Windows& width)
      : channels(c), h(height), w(width), rows(h.count() + h.reach()), columns(w.count() + w.reach()),
        plane(std::int64_t{rows} * columns), out_rows(h.count()), out_columns(w.count()) {
    offset.reserve(static_cast<std::size_t>(c) * static_cast<std::size_t>(h.kernel * w.kernel));
    for (int k = 0; k < c; ++k)
      for (int i = 0; i < h.kernel; ++i)
        for (int j = 0; j < w.kernel; ++j)
          offset.push_back(k * plane + std::int64_t{i} * h.dilation * columns + std::int64_t{j} * w.dilation);
  }
  std::int64_t inputs() const { return static_cast<std::int64_t>(offset.size()); }
  int pixels() const { return out_rows * out_columns; }
  /// Pixels of a result whose rows are as long as those of the padded plane; the last row has no surplus.
  std::int64_t span() const { return std::int64_t{out_rows - 1} * columns + out_columns; }

  Array buffer(DType t) const { return Array::empty({static_cast<int>(channels * plane + slack)}, t); }
  /// Copies one image into a buffer whose zeros around the planes are there already. `before` may be negative: cropped.
  template <class T> void fill(const T* image, T* to) const {
    const int r0 = std::max(0, -h.before), r1 = std::min(h.size, rows - h.before);
    const int c0 = std::max(0, -w.before), c1 = std::min(w.size, columns - w.before);
    if (c1 <= c0) return;
    for (int k = 0; k < channels; ++k, image += std::int64_t{h.size} * w.size, to += plane)
      for (int r = r0; r < r1; ++r)
        std::memcpy(to + std::int64_t{r + h.before} * columns + c0 + w.before, image + std::int64_t{r} * w.size + c0,
                    sizeof(T) * static_cast<std::size_t>(c1 - c0));
  }
};

template <class T> T* zeroed(Array& a) {
  std::memset(a.raw(), 0, a.bytes());
  return a.data<T>();
}

/// Images for which a second thread pays off, at so many multiplications each.
std::int64_t grain(double products) { return 1 + static_cast<std::int64_t>(2.5e5 / std::max(products, 1.)); }

/// y = the convolution of every image with W [inputs, outputs].
template <class T> void convolve(const Plan& p, const Array& x, const Array& W, Array& y) {
  const int outputs = W.dim(1);
  const std::int64_t image = std::int64_t{p.channels} * p.h.size * p.w.size,
                     result = std::int64_t{outputs} * p.pixels();
  const bool straight = p.columns == p.out_columns;  // no surplus columns to drop
  const auto kernel = matmul_kernels().conv[type_index(x.dtype())];
  const double products = static_cast<double>(p.inputs()) * static_cast<double>(result);
  parallel_for(x.dim(0), grain(products), [&](std::int64_t begin, std::int64_t end) {
    Array padded = p.buffer(x.dtype());
    T* const plane = zeroed<T>(padded);
    Array wide = straight ? Array() : Array::empty({outputs, static_cast<int>(p.span())}, x.dtype());
    for (std::int64_t b = begin; b < end; ++b) {
      p.fill(x.data<T>() + b * image, plane);
      T* const to = y.data<T>() + b * result;
      kernel({.a = W.raw(),
              .a_row = W.row_stride(),
              .x = plane,
              .offset = p.offset.data(),
              .inner = p.inputs(),
              .c = straight ? to : wide.data<T>(),
              .c_row = p.span(),
              .rows = outputs,
              .columns = p.span()});
      if (straight) continue;
      for (int o = 0; o < outputs; ++o)
        for (int r = 0; r < p.out_rows; ++r)
          std::memcpy(to + (std::int64_t{o} * p.out_rows + r) * p.out_columns,
                      wide.data<T>() + o * p.span() + std::int64_t{r} * p.columns,
                      sizeof(T) * static_cast<std::size_t>(p.out_columns));
    }
  });
}

/// The windows of the convolution that x's adjoint is: over g, with the kernel turned round.
Windows turned(const Windows& w) {
  return {.size = w.count(),
          .kernel = w.kernel,
          .stride = 1,
          .dilation = w.dilation,
          .before = w.reach() - w.before,
          .after = w.size + w.before - w.count()};
}

/// W [(c i j), o] as [(o i j), c] with i and j from the end.
template <class T> Array turned(const Array& W, int channels, int places) {
  const int outputs = W.dim(1);
  Array r = Array::empty({outputs * places, channels}, W.dtype());
  for (int c = 0; c < channels; ++c)
    for (int k = 0; k < places; ++k) {
      const T* from = W.data<T>() + (std::int64_t{c} * places + k) * W.row_stride();
      T* to = r.data<T>() + std::int64_t{places - 1 - k} * channels + c;
      for (int o = 0; o < outputs; ++o, to += std::int64_t{places} * channels) *to = from[o];
    }
  return r;
}

/// Adds to c [inputs, outputs] the contribution of images [begin, end).
template <class T>
void add_images(const Plan& p, const std::vector<std::int64_t>& pixel, const Array& x, const Array& g, Array& c,
                std::int64_t begin, std::int64_t end) {
  const int outputs = g.dim(1);
  const std::int64_t image = std::int64_t{p.channels} * p.h.size * p.w.size;
  Array padded = p.buffer(x.dtype());
  T* const plane = zeroed<T>(padded);
  for (std::int64_t b = begin; b < end; ++b) {
    p.fill(x.data<T>() + b * image, plane);
    const Pack columns(g[static_cast<int>(b)].reshape({outputs, p.pixels()}), Trans::yes);
    matmul_kernels().conv_weights[type_index(x.dtype())]({.x = plane,
                                                          .offset = p.offset.data(),
                                                          .pixel = pixel.data(),
                                                          .inner = p.pixels(),
                                                          .g = columns.panels().raw(),
                                                          .c = c.raw(),
                                                          .c_row = c.row_stride(),
                                                          .rows = p.inputs(),
                                                          .columns = outputs,
                                                          .accumulate = b > begin});
  }
}

template <class T> Array kernel_adjoint(const Plan& p, const Array& x, const Array& g) {
  std::vector<std::int64_t> pixel;
  for (int r = 0; r < p.out_rows; ++r)
    for (int q = 0; q < p.out_columns; ++q) pixel.push_back(std::int64_t{r} * p.columns + q);
  const int images = x.dim(0), groups = (images + images_per_sum - 1) / images_per_sum;
  const Shape shape{static_cast<int>(p.inputs()), g.dim(1)};
  if (images == 0) return Array::zeros(shape, x.dtype());
  std::vector<Array> sums(static_cast<std::size_t>(groups));
  for (Array& s : sums) s = Array::empty(shape, x.dtype());
  parallel_for(groups, grain(static_cast<double>(images_per_sum) * static_cast<double>(shape.size()) * p.pixels()),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t k = begin; k < end; ++k)
                   add_images<T>(p, pixel, x, g, sums[static_cast<std::size_t>(k)], k * images_per_sum,
                                 std::min<std::int64_t>(images, (k + 1) * images_per_sum));
               });
  for (std::size_t step = 1; step < sums.size(); step *= 2)  // pairwise, in an order that no thread changes
    for (std::size_t k = 0; k + step < sums.size(); k += 2 * step) add_into(sums[k], sums[k + step]);
  return sums[0];
}

}  // namespace

Array conv2d(const Array& images, const Array& kernel, const Windows& height, const Windows& width) {
  const Array x = images.compact();
  Array y = Array::empty({x.dim(0), kernel.dim(1), height.count(), width.count()}, x.dtype());
  const Plan p(x.dim(1), height, width);
  with_dtype(x.dtype(), [&](auto zero) { convolve<decltype(zero)>(p, x, kernel, y); });
  return y;
}

Array conv2d_input(const Array& adjoint, const Array& kernel, const Windows& height, const Windows& width) {
  const Array g = adjoint.compact();
  const int places = height.kernel * width.kernel, channels = kernel.dim(0) / places;
  Array y = Array::empty({g.dim(0), channels, height.size, width.size}, g.dtype());
  const Plan p(g.dim(1), turned(height), turned(width));
  with_dtype(g.dtype(), [&](auto zero) {
    using T = decltype(zero);
    convolve<T>(p, g, turned<T>(kernel, channels, places), y);
  });
  return y;
}

Array conv2d_weight(const Array& images, const Array& adjoint, const Windows& height, const Windows& width) {
  const Array x = images.compact(), g = adjoint.compact();
  const Plan p(x.dim(1), height, width);
  Array y;
  with_dtype(x.dtype(), [&](auto zero) { y = kernel_adjoint<decltype(zero)>(p, x, g); });
  return y;
}

}  // namespace ebb::detail
