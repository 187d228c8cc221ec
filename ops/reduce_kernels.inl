// Reductions of rows and columns for one instruction set. Included by reduce_<isa>.cpp.
#include <cstring>
#include <ebb/ops/kernels.hpp>
#include <ebb/ops/lane.hpp>

namespace ebb {
namespace {

using detail::ReduceTask;

template <class T> struct RowView {
  const T* in;
  T* out;
};
template <class T> RowView<T> row_of(const ReduceTask& t, std::int64_t r) {
  return {static_cast<const T*>(t.in) + r * t.in_stride, static_cast<T*>(t.out) + r * t.out_stride};
}

template <class T> struct Count {
  alignas(64) T index[Lane<T>::width];
  constexpr Count() : index() {
    for (int k = 0; k < Lane<T>::width; ++k) index[k] = static_cast<T>(k);
  }
};
template <class T> inline constexpr Count<T> counting{};
/// The first n lanes.
template <class T> Mask<T> first(int n) { return Lane<T>::load(counting<T>.index) < Lane<T>(n); }

template <class T> T add_lanes(Lane<T> x) {
  T v[Lane<T>::width];
  x.store(v);
  for (int n = Lane<T>::width / 2; n > 0; n /= 2)
    for (int k = 0; k < n; ++k) v[k] += v[k + n];
  return v[0];
}
template <class T> T largest_of(T a, T b) { return a != a ? a : b < a ? a : b; }
template <class T> T largest_lane(Lane<T> x) {
  T v[Lane<T>::width];
  x.store(v);
  for (int n = Lane<T>::width / 2; n > 0; n /= 2)
    for (int k = 0; k < n; ++k) v[k] = largest_of(v[k], v[k + n]);
  return v[0];
}

/// Pairwise sum over blocks, in their order: rounding errors grow with the logarithm of the number of blocks.
/// Accumulates `parts` independent sums, of T or of registers.
template <class S, int parts> class Pairwise {
 public:
  void add(const S* block) {
    S sum[parts];
    for (int k = 0; k < parts; ++k) sum[k] = block[k];
    int level = 0;
    for (std::uint64_t before = count_++; before & 1; before >>= 1, ++level)
      for (int k = 0; k < parts; ++k) sum[k] = held_[level][k] + sum[k];
    for (int k = 0; k < parts; ++k) held_[level][k] = sum[k];
  }
  void total(S* out) const {
    bool any = false;
    for (int level = 0; level < levels; ++level) {
      if (!(count_ >> level & 1)) continue;
      for (int k = 0; k < parts; ++k) out[k] = any ? held_[level][k] + out[k] : held_[level][k];
      any = true;
    }
  }

 private:
  static constexpr int levels = 48;
  S held_[levels][parts];
  std::uint64_t count_ = 0;
};

constexpr std::int64_t longest_stretch =
    1 << 14;  // elements of a row summed in one stretch; ops/reduce.cpp splits longer rows
constexpr std::int64_t longest_column = 1 << 12;  // rows summed in one chain; more are summed in blocks
constexpr std::int64_t column_block = 1 << 8;

/// Sum over j of f(j, lanes), where f(j, n) gives n elements starting at j, padded with zeros. Uses four chains, so
/// that additions overlap, joined in an order that depends on n only.
template <class T, class F> T sum_of(std::int64_t n, F f) {
  constexpr int width = Lane<T>::width;
  Lane<T> s[4] = {0., 0., 0., 0.};
  std::int64_t j = 0;
  for (; j + 4 * width <= n; j += 4 * width)
    for (int k = 0; k < 4; ++k) s[k] = s[k] + f(j + k * width, width);
  for (int k = 0; j < n; ++k, j += width) s[k] = s[k] + f(j, static_cast<int>(smaller<std::int64_t>(width, n - j)));
  return add_lanes((s[0] + s[1]) + (s[2] + s[3]));
}

template <class T> Lane<T> load_up_to(const T* p, int n) {
  return n == Lane<T>::width ? Lane<T>::load(p) : Lane<T>::load_part(p, n);
}
template <class T> void store_up_to(Lane<T> x, T* p, int n) {
  if (n == Lane<T>::width) x.store(p);
  else x.store_part(p, n);
}
/// Calls f(j, n) for each register of a row: n lanes starting at j.
template <class T, class F> void over_row(std::int64_t columns, F f) {
  constexpr int width = Lane<T>::width;
  std::int64_t j = 0;
  for (; j + width <= columns; j += width) f(j, width);
  if (j < columns) f(j, static_cast<int>(columns - j));
}

template <class T> T sum_row(const T* p, std::int64_t n) {
  return sum_of<T>(n, [p](std::int64_t j, int count) { return load_up_to(p + j, count); });
}

template <class T> T max_row(const T* p, std::int64_t n) {
  constexpr int width = Lane<T>::width;
  T m = p[0];
  if (n < width) {
    for (std::int64_t j = 1; j < n; ++j) m = largest_of(m, p[j]);
    return m;
  }
  const Lane<T> last = Lane<T>::load(p + n - width);  // overlaps the previous register, which is harmless for a maximum
  Lane<T> best[4] = {last, last, last, last};         // four chains, to hide latency
  std::int64_t j = 0;
  for (; j + 4 * width <= n; j += 4 * width)
    for (int k = 0; k < 4; ++k) best[k] = max(best[k], Lane<T>::load(p + j + k * width));
  for (int k = 0; j + width <= n; j += width, ++k) best[k] = max(best[k], Lane<T>::load(p + j));
  return largest_lane(max(max(best[0], best[1]), max(best[2], best[3])));
}

/// Position of the first value equal to m, or of the first NaN if m is NaN.
template <class T> int first_equal(const T* p, std::int64_t n, T m) {
  constexpr int width = Lane<T>::width;
  const Lane<T> wanted = Lane<T>::all(m);
  std::int64_t j = 0;
  for (; j + width <= n; j += width) {
    const Lane<T> x = Lane<T>::load(p + j);
    if (xsimd::any((m == m ? equal(x, wanted) : not_equal(x, x)).m)) break;
  }
  while (m == m ? p[j] != m : p[j] == p[j]) ++j;
  return static_cast<int>(j);
}

template <class T> void row_sum(const ReduceTask& t) {
  for (std::int64_t r = 0; r < t.rows; ++r) *row_of<T>(t, r).out = sum_row(row_of<T>(t, r).in, t.columns);
}
template <class T> void row_max(const ReduceTask& t) {
  for (std::int64_t r = 0; r < t.rows; ++r) *row_of<T>(t, r).out = max_row(row_of<T>(t, r).in, t.columns);
}

template <class T> void row_argmax(const ReduceTask& t) {
  for (std::int64_t r = 0; r < t.rows; ++r) {
    const T* row = row_of<T>(t, r).in;
    static_cast<int*>(t.out)[r] = first_equal(row, t.columns, max_row(row, t.columns));
  }
}

/// Reduces each column in row order, four registers of columns at a time.
template <class T, class F> void fold_columns(const ReduceTask& t, F f) {
  constexpr int width = Lane<T>::width;
  const T* in = static_cast<const T*>(t.in);
  T* out = static_cast<T*>(t.out);
  std::int64_t j = 0;
  for (; j + 4 * width <= t.columns; j += 4 * width) {
    Lane<T> s[4];
    for (int k = 0; k < 4; ++k) s[k] = Lane<T>::load(in + j + k * width);
    for (std::int64_t r = 1; r < t.rows; ++r)
      for (int k = 0; k < 4; ++k) s[k] = f(s[k], Lane<T>::load(in + r * t.in_stride + j + k * width));
    for (int k = 0; k < 4; ++k) s[k].store(out + j + k * width);
  }
  for (; j < t.columns; j += width) {
    const int n = static_cast<int>(smaller<std::int64_t>(width, t.columns - j));
    Lane<T> s = load_up_to(in + j, n);
    for (std::int64_t r = 1; r < t.rows; ++r) s = f(s, load_up_to(in + r * t.in_stride + j, n));
    store_up_to(s, out + j, n);
  }
}

/// Columns [j, j + 4 registers) of many rows: sums of blocks of rows, joined pairwise.
template <class T> void sum_long_columns(ReduceTask t, std::int64_t j, std::int64_t columns) {
  constexpr int width = Lane<T>::width;
  T* const out = static_cast<T*>(t.out) + j;
  const T* const in = static_cast<const T*>(t.in) + j;
  const std::int64_t rows = t.rows;
  T sum[4 * width];
  Lane<T> s[4];
  for (int k = 0; k < 4 * width; ++k) sum[k] = 0;
  Pairwise<Lane<T>, 4> sums;
  t.out = sum;
  t.columns = columns;
  for (std::int64_t r = 0; r < rows; r += column_block) {
    t.in = in + r * t.in_stride;
    t.rows = smaller(column_block, rows - r);
    fold_columns<T>(t, [](Lane<T> a, Lane<T> b) { return a + b; });
    for (int k = 0; k < 4; ++k) s[k] = Lane<T>::load(sum + k * width);
    sums.add(s);
  }
  sums.total(s);
  for (int k = 0; k < 4; ++k) s[k].store(sum + k * width);
  for (std::int64_t k = 0; k < columns; ++k) out[k] = sum[k];
}

template <class T> void column_sum(const ReduceTask& t) {
  constexpr int strip = 4 * Lane<T>::width;
  if (t.rows <= longest_column) return fold_columns<T>(t, [](Lane<T> a, Lane<T> b) { return a + b; });
  for (std::int64_t j = 0; j < t.columns; j += strip)
    sum_long_columns<T>(t, j, smaller<std::int64_t>(strip, t.columns - j));
}
template <class T> void column_max(const ReduceTask& t) {
  fold_columns<T>(t, [](Lane<T> a, Lane<T> b) { return max(a, b); });
}

#include "reduce_softmax.inl"

template <class T> void add_rows(const ReduceTask& t) {
  const Lane<T> scale = t.scale;
  for (std::int64_t r = 0; r < t.rows; ++r) {
    const auto [in, out] = row_of<T>(t, r);
    over_row<T>(t.columns, [&, in = in, out = out](std::int64_t j, int n) {
      store_up_to(load_up_to(out + j, n) + scale * load_up_to(in + j, n), out + j, n);
    });
  }
}
template <class T> void scale_rows(const ReduceTask& t) {
  const Lane<T> scale = t.scale;
  for (std::int64_t r = 0; r < t.rows; ++r) {
    const auto [in, out] = row_of<T>(t, r);
    over_row<T>(t.columns, [&, in = in, out = out](std::int64_t j, int n) {
      store_up_to(scale * load_up_to(in + j, n), out + j, n);
    });
  }
}

/// In double, in sixteen chains: the same order and so the same bits for every instruction set.
template <class T> double squares(const void* row, std::int64_t n) {
  const T* p = static_cast<const T*>(row);
  double s[16] = {};
  std::int64_t j = 0;
  for (; j + 16 <= n; j += 16)
    for (int k = 0; k < 16; ++k) s[k] += static_cast<double>(p[j + k]) * static_cast<double>(p[j + k]);
  for (int k = 0; j < n; ++j, ++k) s[k] += static_cast<double>(p[j]) * static_cast<double>(p[j]);
  for (int m = 8; m > 0; m /= 2)
    for (int k = 0; k < m; ++k) s[k] += s[k + m];
  return s[0];
}

template <class T> double magnitude(const void* row, std::int64_t n) {
  const T* p = static_cast<const T*>(row);
  Lane<T> m = 0;
  over_row<T>(n, [&](std::int64_t j, int count) { m = max(m, abs(load_up_to(p + j, count))); });
  return static_cast<double>(largest_lane(m));
}

constexpr detail::ReduceKernels all_reduce = {
    .row_sum = {row_sum<float>, row_sum<double>},
    .row_max = {row_max<float>, row_max<double>},
    .column_sum = {column_sum<float>, column_sum<double>},
    .column_max = {column_max<float>, column_max<double>},
    .logsumexp = {logsumexp<float>, logsumexp<double>},
    .softmax = {softmax<float>, softmax<double>},
    .log_softmax = {log_softmax<float>, log_softmax<double>},
    .cross_entropy = {cross_entropy<float>, cross_entropy<double>},
    .cross_entropy_vjp = {cross_entropy_vjp<float>, cross_entropy_vjp<double>},
    .add = {add_rows<float>, add_rows<double>},
    .scale = {scale_rows<float>, scale_rows<double>},
    .row_argmax = {row_argmax<float>, row_argmax<double>},
    .squares = {squares<float>, squares<double>},
    .magnitude = {magnitude<float>, magnitude<double>},
};

}  // namespace
}  // namespace ebb
