#include <algorithm>
#include <cstring>
#include <ebb/ops/conv.hpp>
#include <ebb/ops/conv_planes.hpp>
#include <ebb/ops/dtype.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/flops.hpp>
#include <ebb/ops/kernels.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/parallel.hpp>
#include <vector>

namespace ebb::detail {

namespace {

constexpr int images_per_sum = 8;  // of W's adjoint: a chain over their pixels

/// The images of a convolution, as its windows read them, and its results.
struct Plan {
  PhasedImage image;
  int out_rows, out_columns;
  std::vector<std::int64_t> offset;  // in the image's planes, of each (c i j) from a window's number

  Plan(int channels, const Windows& h, const Windows& w)
      : image{channels, read_by(h), read_by(w)}, out_rows(h.count()), out_columns(w.count()) {
    offset.reserve(static_cast<std::size_t>(channels) * static_cast<std::size_t>(h.kernel * w.kernel));
    for (int c = 0; c < channels; ++c)
      for (int i = 0; i < h.kernel; ++i)
        for (int j = 0; j < w.kernel; ++j) offset.push_back(image.offset(c, i * h.dilation, j * w.dilation));
  }
  std::int64_t inputs() const { return std::ssize(offset); }
  int pixels() const { return out_rows * out_columns; }
  /// Pixels of a result whose rows are as long as those of the planes; the last row has no surplus.
  std::int64_t span() const { return (out_rows - 1) * image.columns() + out_columns; }
};

/// y = the convolution of every image with W [inputs, outputs].
template <class T> void convolve(const Plan& p, const Array& x, const Array& W, Array& y) {
  const int outputs = W.dim(1);
  const std::int64_t image = x.size() / std::max(x.dim(0), 1), result = std::int64_t{outputs} * p.pixels();
  const bool straight = p.image.columns() == p.out_columns;  // no surplus columns to drop
  const auto kernel = matmul_kernels().conv[type_index(x.dtype())];
  const double products = static_cast<double>(p.inputs()) * static_cast<double>(result);
  parallel_for(x.dim(0), conv_grain(products), [&](std::int64_t begin, std::int64_t end) {
    Array planes = p.image.buffer(x.dtype());
    Array wide = straight ? Array() : Array::empty({outputs, static_cast<int>(p.span())}, x.dtype());
    for (std::int64_t b = begin; b < end; ++b) {
      fill(p.image, x.data<T>() + b * image, planes.data<T>());
      T* const to = y.data<T>() + b * result;
      kernel({.a = W.raw(),
              .a_row = W.row_stride(),
              .x = planes.raw(),
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
                      wide.data<T>() + o * p.span() + r * p.image.columns(),
                      sizeof(T) * static_cast<std::size_t>(p.out_columns));
    }
  });
}

/// Adds to c [inputs, outputs] the contribution of images [begin, end).
template <class T>
void add_images(const Plan& p, const std::vector<std::int64_t>& pixel, const Array& x, const Array& g, Array& c,
                std::int64_t begin, std::int64_t end) {
  const int outputs = g.dim(1);
  const std::int64_t image = x.size() / std::max(x.dim(0), 1);
  Array planes = p.image.buffer(x.dtype());
  for (std::int64_t b = begin; b < end; ++b) {
    fill(p.image, x.data<T>() + b * image, planes.data<T>());
    const Pack columns(g[static_cast<int>(b)].reshape({outputs, p.pixels()}), Trans::yes);
    matmul_kernels().conv_weights[type_index(x.dtype())]({.x = planes.raw(),
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
    for (int q = 0; q < p.out_columns; ++q) pixel.push_back(r * p.image.columns() + q);
  const int images = x.dim(0), groups = (images + images_per_sum - 1) / images_per_sum;
  const Shape shape{static_cast<int>(p.inputs()), g.dim(1)};
  if (images == 0) return Array::zeros(shape, x.dtype());
  std::vector<Array> sums(static_cast<std::size_t>(groups));
  for (Array& s : sums) s = Array::empty(shape, x.dtype());
  parallel_for(groups, conv_grain(static_cast<double>(images_per_sum) * static_cast<double>(shape.size()) * p.pixels()),
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
  count_product(x.dim(0) * double(p.pixels()), kernel.dim(1), double(p.inputs()));
  with_dtype(x.dtype(), [&](auto zero) { convolve<decltype(zero)>(p, x, kernel, y); });
  return y;
}

Array conv2d_weight(const Array& images, const Array& adjoint, const Windows& height, const Windows& width) {
  const Array x = images.compact(), g = adjoint.compact();
  const Plan p(x.dim(1), height, width);
  count_product(x.dim(0) * double(p.pixels()), g.dim(1), double(p.inputs()));
  Array y;
  with_dtype(x.dtype(), [&](auto zero) { y = kernel_adjoint<decltype(zero)>(p, x, g); });
  return y;
}

}  // namespace ebb::detail
