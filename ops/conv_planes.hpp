#pragma once
#include <algorithm>
#include <cstring>
#include <ebb/ops/array.hpp>
#include <ebb/ops/windows.hpp>
#include <vector>

/// The copies of images that the products of a convolution read. Internal, for ops/conv.cpp.
///
/// An axis, with the zeros around it, is split into phases: entry u of phase a is entry u stride + a of the padded
/// axis. A window that is a stride further is one entry further in each phase, so an element of window number p is
/// entry p plus a fixed distance of the phase that has it.
namespace ebb::detail {

struct PhasedAxis {
  int size, before, stride;  // of the axis; before: zeros before it, or less than 0 if its first entries are not read
  std::vector<int> phases;   // those stored
  int length;                // entries stored of each

  /// Entries [begin, end) of phase a are in the axis, the others are zeros.
  int begin(int a) const { return up(before - a); }
  int end(int a) const { return std::min(length, up(size + before - a)); }
  int place(int u, int a) const { return u * stride + a - before; }  // in the axis
  /// The number, among the phases stored, of the one that has the entry `by` after a window's first.
  std::int64_t slot(int by) const { return std::ranges::find(phases, by % stride) - phases.begin(); }

 private:
  int up(int bound) const { return bound <= 0 ? 0 : (bound + stride - 1) / stride; }
};

/// The axis of an image, with the phases that the windows read.
inline PhasedAxis read_by(const Windows& w) {
  PhasedAxis axis{w.size, w.before, w.stride, {}, w.count() + w.reach() / w.stride};
  for (int j = 0; j < w.kernel; ++j)
    if (axis.slot(j * w.dilation) == std::ssize(axis.phases)) axis.phases.push_back(j * w.dilation % w.stride);
  return axis;
}

/// A plane for each channel of an image and each pair of phases of its axes.
struct PhasedImage {
  int channels;
  PhasedAxis h, w;

  std::int64_t columns() const { return w.length; }
  std::int64_t plane() const { return columns() * h.length; }
  /// Distance of the element `down` and `right` after a window's first, in channel c, from the window's number.
  std::int64_t offset(int c, int down, int right) const {
    const std::int64_t planes = (c * std::ssize(h.phases) + h.slot(down)) * std::ssize(w.phases) + w.slot(right);
    return planes * plane() + down / h.stride * columns() + right / w.stride;
  }
  /// All zeros. Tiles read up to 64 elements beyond the last plane.
  Array buffer(DType t) const {
    return Array::zeros({static_cast<int>(channels * std::ssize(h.phases) * std::ssize(w.phases) * plane() + 64)}, t);
  }
};

/// Every stride-th of the elements `from`.
template <class T> void take(const T* from, int stride, T* to, int count) {
  if (stride == 1) {
    std::memcpy(to, from, sizeof(T) * static_cast<std::size_t>(count));
  } else if (stride == 2) {  // a constant, so that it is vectorised
#ifdef _OPENMP
#pragma omp simd
#endif
    for (int k = 0; k < count; ++k) to[k] = from[2 * k];
  } else {
    for (int k = 0; k < count; ++k) to[k] = from[std::ptrdiff_t{k} * stride];
  }
}

/// Copies an image into its planes, whose zeros are there already.
template <class T> void fill(const PhasedImage& p, const T* image, T* to) {
  for (int k = 0; k < p.channels; ++k, image += std::int64_t{p.h.size} * p.w.size)
    for (const int a : p.h.phases) {
      const int top = p.h.begin(a), bottom = p.h.end(a);
      for (const int b : p.w.phases) {
        const int left = p.w.begin(b), count = p.w.end(b) - left;
        const T* from = image + std::int64_t{p.h.place(top, a)} * p.w.size + p.w.place(left, b);
        T* row = to + top * p.columns() + left;
        for (int u = top; count > 0 && u < bottom; ++u) {
          take(from, p.w.stride, row, count);
          from += std::int64_t{p.h.stride} * p.w.size;
          row += p.columns();
        }
        to += p.plane();
      }
    }
}

/// Images for which a second thread pays off, at so many multiplications each.
inline std::int64_t conv_grain(double products) {
  return 1 + static_cast<std::int64_t>(2.5e5 / std::max(products, 1.));
}

/// The row of an image whose phases are `from`, from the first entry of each in the image.
template <class T> void interleave(const T* const* from, const PhasedAxis& w, T* to) {
  if (w.stride == 1) {
    std::memcpy(to, from[0], sizeof(T) * static_cast<std::size_t>(w.size));
  } else if (w.stride == 2 && w.phases.size() == 2) {
    const T *even = from[w.before % 2], *odd = from[1 - w.before % 2];
#ifdef _OPENMP
#pragma omp simd
#endif
    for (int k = 0; k < w.size / 2; ++k) {
      to[2 * k] = even[k];
      to[2 * k + 1] = odd[k];
    }
    if (w.size % 2) to[w.size - 1] = even[w.size / 2];
  } else {
    for (const int b : w.phases) {
      const T* next = *from++;
      for (int v = w.begin(b); v < w.end(b); ++v) to[w.place(v, b)] = *next++;
    }
  }
}

}  // namespace ebb::detail
