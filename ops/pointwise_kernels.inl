// The kernels of every op in pointwise_list.hpp for one instruction set. Included by pointwise_<isa>.cpp.
#include <ebb/ops/kernels.hpp>
#include <ebb/ops/lane.hpp>
#include <ebb/ops/pointwise_list.hpp>
#include <utility>

namespace ebb {
namespace {

using detail::PointwiseKernel;
using detail::PointwiseRows;

/// The operands of one row. A scalar operand is replicated to fill a register, so the loop reads all operands alike.
template <class T, int n> struct Operands {
  const T* p[n];
  std::int64_t step[n];
  alignas(64) T spread[n][Lane<T>::width];

  void start(const PointwiseRows& a, std::int64_t row) {
    for (int k = 0; k < n; ++k) {
      if (a.in[k] == nullptr) continue;
      p[k] = static_cast<const T*>(a.in[k]) + row * a.in_stride[k];
      step[k] = a.step[k];
      if (step[k] == 0) {
        Lane<T>::all(*p[k]).store(spread[k]);
        p[k] = spread[k];
      }
    }
  }
  Lane<T> whole(int k, std::int64_t j) const { return Lane<T>::load(p[k] + j * step[k]); }
  Lane<T> part(int k, std::int64_t j, int count) const {
    return step[k] ? Lane<T>::load_part(p[k] + j, count) : Lane<T>::load(p[k]);
  }
};

/// Runs f over all elements; operand k is read only if bit k of `reads` is set, else f receives zero.
template <class T, int n, unsigned reads, class F> void run_rows(const PointwiseRows& a, F f) {
  constexpr int width = Lane<T>::width;
  Operands<T, n> in;
  for (std::int64_t r = 0; r < a.rows; ++r) {
    in.start(a, r);
    T* out = static_cast<T*>(a.out) + r * a.out_stride;
    const auto apply = [&]<std::size_t... k>(std::index_sequence<k...>, auto load) {
      return f((reads >> k & 1 ? load(static_cast<int>(k)) : Lane<T>(0))...);
    };
    const auto all = std::make_index_sequence<n>{};
    std::int64_t j = 0;
    for (; j + width <= a.columns; j += width) {
      Lane<T> y = apply(all, [&](int k) { return in.whole(k, j); });
      if (a.accumulate) y = Lane<T>::load(out + j) + y;
      y.store(out + j);
    }
    if (const int rest = static_cast<int>(a.columns - j); rest > 0) {
      Lane<T> y = apply(all, [&](int k) { return in.part(k, j, rest); });
      if (a.accumulate) y = Lane<T>::load_part(out + j, rest) + y;
      y.store_part(out + j, rest);
    }
  }
}

template <class T, class O> void value_kernel(const PointwiseRows& a) {
  run_rows<T, pointwise::arity<O>, ~0u>(a, O::value);
}

template <class T, class O, std::size_t k> void vjp_kernel(const PointwiseRows& a) {
  constexpr int n = pointwise::arity<O> + 2;
  constexpr unsigned in = ((1u << pointwise::arity<O>)-1) << 1, y = 1u << (n - 1);
  constexpr unsigned reads = 1u | (O::needs & pointwise::inputs ? in : 0) | (O::needs & pointwise::output ? y : 0);
  run_rows<T, n, reads>(a, pointwise::vjp_of<O, k>());
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
