#include <algorithm>
#include <climits>
#include <ebb/ops/conv.hpp>
#include <ebb/ops/conv_planes.hpp>
#include <ebb/ops/dtype.hpp>
#include <ebb/ops/flops.hpp>
#include <ebb/ops/kernels.hpp>
#include <ebb/ops/parallel.hpp>
#include <vector>

/// The adjoint of the images: each of their phases is a convolution, with stride 1, of the adjoint of the result with
/// the elements of the kernel that read this phase.
namespace ebb::detail {

namespace {

/// The axis of the images, with all phases that have entries.
PhasedAxis written_by(const Windows& w) {
  PhasedAxis axis{w.size, w.before, w.stride, {}, INT_MAX};
  for (int a = 0; a < w.stride && std::ssize(axis.phases) < w.size; ++a)
    if (axis.begin(a) < axis.end(a)) axis.phases.push_back(a);
  return axis;
}

/// The elements of the kernel that read phase a, the last first: the one that reads the results' first entries.
std::vector<int> elements_of(const Windows& w, int a) {
  std::vector<int> all;
  for (int j = w.kernel; j-- > 0;)
    if (j * w.dilation % w.stride == a) all.push_back(j);
  return all;
}

/// The axis of the results. Entry u of a phase of the images takes their entry u - j dilation / stride from element j
/// of the kernel.
PhasedAxis results_of(const Windows& w) {
  const PhasedAxis axis = written_by(w);
  int low = INT_MAX, high = INT_MIN;
  for (int j = 0; j < w.kernel; ++j) {
    const int by = j * w.dilation, a = by % w.stride;
    if (axis.begin(a) == axis.end(a)) continue;
    low = std::min(low, axis.begin(a) - by / w.stride);
    high = std::max(high, axis.end(a) - 1 - by / w.stride);
  }
  if (low > high) return {w.count(), 0, 1, {0}, 0};  // the windows read only the zeros around the axis
  return {w.count(), -low, 1, {0}, high - low + 1};
}

/// What a pair of phases of the images is computed from.
struct PhasePart {
  int rows, columns;                 // of an image in these phases
  std::int64_t row;                  // from one of their rows to the next while they are computed
  std::vector<std::int64_t> offset;  // of each (o i j) in the planes of the results
  Array W;                           // [(o i j), c]
  std::int64_t span() const { return rows > 0 && columns > 0 ? (rows - 1) * row + columns : 0; }
};

struct AdjointPlan {
  Windows h, w;
  int channels;
  PhasedAxis height, width;  // of the images
  PhasedImage results;
  std::vector<PhasePart> parts;
  std::int64_t widest = 0;  // of the parts' spans

  AdjointPlan(const Windows& down, const Windows& right, int outputs, const Array& W)
      : h(down), w(right), channels(W.dim(0) / (h.kernel * w.kernel)), height(written_by(h)), width(written_by(w)),
        results{outputs, results_of(h), results_of(w)} {
    for (const int a : height.phases)
      for (const int b : width.phases) {
        parts.push_back(part(a, b));
        with_dtype(W.dtype(), [&](auto zero) { copy_kernel<decltype(zero)>(W, a, b, parts.back().W); });
        widest = std::max(widest, parts.back().span());
      }
  }

  PhasePart part(int a, int b) const {
    const int top = height.begin(a), left = width.begin(b);
    PhasePart p{height.end(a) - top, width.end(b) - left, 0, {}, {}};
    for (int o = 0; o < results.channels; ++o)
      for (const int i : elements_of(h, a))
        for (const int j : elements_of(w, b))
          p.offset.push_back(o * results.plane() +
                             (top - i * h.dilation / h.stride + results.h.before) * results.columns() + left -
                             j * w.dilation / w.stride + results.w.before);
    p.row = p.offset.empty() ? p.columns : results.columns();
    return p;
  }
  /// W [(c i j), o] as [(o i j), c] with the elements that read phases a and b.
  template <class T> void copy_kernel(const Array& W, int a, int b, Array& part) const {
    const std::vector<int> down = elements_of(h, a), right = elements_of(w, b);
    part = Array::empty({results.channels * static_cast<int>(down.size() * right.size()), channels}, W.dtype());
    T* to = part.data<T>();
    for (int o = 0; o < results.channels; ++o)
      for (const int i : down)
        for (const int j : right)
          for (int c = 0; c < channels; ++c)
            *to++ = W.data<T>()[((std::int64_t{c} * h.kernel + i) * w.kernel + j) * W.row_stride() + o];
  }
};

/// Phase a of the rows of one image, from its parts. `wide`: where each part is computed.
template <class T>
void write_phase(const AdjointPlan& p, int a, const PhasePart* parts, const Array& planes, const std::vector<T*>& wide,
                 T* image) {
  const auto kernel = matmul_kernels().conv[type_index(planes.dtype())];
  for (std::size_t k = 0; k < wide.size(); ++k)
    kernel({.a = parts[k].W.raw(),
            .a_row = p.channels,
            .x = planes.raw(),
            .offset = parts[k].offset.data(),
            .inner = std::ssize(parts[k].offset),
            .c = wide[k],
            .c_row = parts[k].span(),
            .rows = p.channels,
            .columns = parts[k].span()});
  std::vector<const T*> row(wide.size());
  const int top = p.height.begin(a), rows = parts->rows;
  for (int c = 0; c < p.channels; ++c) {
    T* to = image + (std::int64_t{c} * p.h.size + p.height.place(top, a)) * p.w.size;
    for (std::size_t k = 0; k < wide.size(); ++k) row[k] = wide[k] + c * parts[k].span();
    for (int u = 0; u < rows; ++u, to += std::int64_t{p.h.stride} * p.w.size) {
      interleave(row.data(), p.width, to);
      for (std::size_t k = 0; k < wide.size(); ++k) row[k] += parts[k].row;
    }
  }
}

template <class T> void write_images(const AdjointPlan& p, const Array& g, double products, Array& y) {
  const std::int64_t result = g.size() / std::max(g.dim(0), 1), image = y.size() / std::max(y.dim(0), 1);
  parallel_for(g.dim(0), conv_grain(products), [&](std::int64_t begin, std::int64_t end) {
    Array planes = p.results.buffer(g.dtype());
    std::vector<T*> wide(p.width.phases.size());
    Array all = Array::empty({static_cast<int>(wide.size()), p.channels, static_cast<int>(p.widest)}, g.dtype());
    for (std::size_t k = 0; k < wide.size(); ++k) wide[k] = all[static_cast<int>(k)].template data<T>();
    for (std::int64_t n = begin; n < end; ++n) {
      fill(p.results, g.data<T>() + n * result, planes.data<T>());
      const PhasePart* parts = p.parts.data();
      for (const int a : p.height.phases) {
        write_phase(p, a, parts, planes, wide, y.data<T>() + n * image);
        parts += wide.size();
      }
    }
  });
}

}  // namespace

Array conv2d_input(const Array& adjoint, const Array& kernel, const Windows& height, const Windows& width) {
  const Array g = adjoint.compact();
  const AdjointPlan p(height, width, g.dim(1), kernel);
  Array y = Array::empty({g.dim(0), p.channels, height.size, width.size}, g.dtype());
  const double products = static_cast<double>(kernel.size()) * height.count() * width.count();
  count_product(g.dim(0), products, 1);
  with_dtype(g.dtype(), [&](auto zero) { write_images<decltype(zero)>(p, g, products, y); });
  return y;
}

}  // namespace ebb::detail
