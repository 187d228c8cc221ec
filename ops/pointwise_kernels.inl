// The kernels of every op in pointwise_list.hpp for one instruction set. Included by pointwise_<isa>.cpp.
#include <ebb/ops/kernels.hpp>
#include <ebb/ops/lane.hpp>
#include <ebb/ops/pointwise_list.hpp>
#include <utility>

namespace ebb {
namespace {

using detail::PointwiseKernel;
using detail::PointwiseRows;

/// The start of operand k's row `r`. A scalar is replicated to fill a register, so the loop reads all operands alike.
template <class T> const T* row_of(const PointwiseRows& a, std::size_t k, std::int64_t r, T* spread) {
  const T* p = static_cast<const T*>(a.in[k]) + r * a.in_stride[k];
  if (a.step[k] != 0) return p;
  Lane<T>::all(*p).store(spread);
  return spread;
}

/// Runs f over all elements; operand k is read only if bit k of `reads` is set, else f receives zero. Addresses stay in
/// registers, since rows are often short.
template <class T, unsigned reads, class F, std::size_t... k>
void run_rows(const PointwiseRows& a, F f, std::index_sequence<k...>) {
  constexpr int width = Lane<T>::width;
  const std::int64_t columns = a.columns;
  const bool accumulate = a.accumulate;
  alignas(64) T spread[sizeof...(k)][width];
  for (std::int64_t r = 0; r < a.rows; ++r) {
    const T* p[] = {(reads >> k & 1 ? row_of<T>(a, k, r, spread[k]) : nullptr)...};
    const std::int64_t move[] = {(reads >> k & 1 ? a.step[k] * width : 0)...};
    T* out = static_cast<T*>(a.out) + r * a.out_stride;
    std::int64_t left = columns;
    for (; left >= width; left -= width) {
      Lane<T> y = f((reads >> k & 1 ? Lane<T>::load(p[k]) : Lane<T>(0))...);
      if (accumulate) y = Lane<T>::load(out) + y;
      y.store(out);
      ((p[k] += move[k]), ...);
      out += width;
    }
    if (const int rest = static_cast<int>(left); rest > 0) {
      const auto part = [&](int i) { return move[i] ? Lane<T>::load_part(p[i], rest) : Lane<T>::load(p[i]); };
      Lane<T> y = f((reads >> k & 1 ? part(static_cast<int>(k)) : Lane<T>(0))...);
      if (accumulate) y = Lane<T>::load_part(out, rest) + y;
      y.store_part(out, rest);
    }
  }
}

template <class T, class O> void value_kernel(const PointwiseRows& a) {
  run_rows<T, ~0u>(a, O::value, std::make_index_sequence<pointwise::arity<O>>{});
}

template <class T, class O, std::size_t k> void vjp_kernel(const PointwiseRows& a) {
  constexpr int n = pointwise::arity<O> + 2;
  constexpr unsigned in = ((1u << pointwise::arity<O>)-1) << 1, y = 1u << (n - 1);
  constexpr unsigned reads = 1u | (O::needs & pointwise::inputs ? in : 0) | (O::needs & pointwise::output ? y : 0);
  run_rows<T, reads>(a, pointwise::vjp_of<O, k>(), std::make_index_sequence<n>{});
}

template <class T, class List> struct PointwiseTable;
template <class T, class... O> struct PointwiseTable<T, pointwise::TypeList<O...>> {
  static constexpr PointwiseKernel value[] = {value_kernel<T, O>...};
  template <class P, std::size_t k> static constexpr PointwiseKernel vjp_of() {
    if constexpr (k < pointwise::arity<P>) return vjp_kernel<T, P, k>;
    else return nullptr;
  }
  static constexpr PointwiseKernel vjp[][3] = {{vjp_of<O, 0>(), vjp_of<O, 1>(), vjp_of<O, 2>()}...};
};

template <class T> using Pointwise = PointwiseTable<T, pointwise::List>;

constexpr detail::PointwiseKernels all_pointwise = {{Pointwise<float>::value, Pointwise<double>::value},
                                                    {Pointwise<float>::vjp, Pointwise<double>::vjp}};

}  // namespace
}  // namespace ebb
