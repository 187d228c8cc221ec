#pragma once
#include <array>
#include <ebb/ops/array.hpp>
#include <ebb/ops/error.hpp>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>
#if __has_include(<xtensor/containers/xtensor.hpp>)  // xtensor 0.26 moved its headers
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/core/xnoalias.hpp>
#include <xtensor/views/xstrided_view.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xstrided_view.hpp>
#include <xtensor/xtensor.hpp>
#endif

/// Conversion to and from xtensor; the only header that includes it. Everything is a template: xtensor's types change
/// with -march and XTENSOR_USE_XSIMD, so they must not appear in a compiled signature.
///
///     Array x = borrow(data);                    // xt::xtensor<float, 3> data: no copy
///     Array y = from_xt(2 * data + 1);           // any expression, evaluated once
///     auto v = view<float, 2>(y);                // no copy; v keeps y's memory alive
namespace ebb {
namespace xtensor_bridge {

/// The memory as one axis, with its owner, and an N-axis view of it. (A strided xtensor_adaptor would be simpler, but
/// `adaptor = expression` writes to it as if it had no strides.)
template <class T> using Buffer = xt::xbuffer_adaptor<T*, xt::no_ownership, std::shared_ptr<void>>;
template <class T> using Flat = xt::xtensor_adaptor<Buffer<T>, 1, xt::layout_type::row_major>;
template <class T, std::size_t N>
using View = xt::xstrided_view<Flat<T>, std::array<std::size_t, N>, xt::layout_type::dynamic>;

template <class S> Shape shape_of(const S& extents, const char* what) {
  if (extents.size() > Shape::max_rank)
    throw ShapeError(std::string(what) + ": rank " + std::to_string(extents.size()) + " is above " +
                     std::to_string(Shape::max_rank));
  int e[Shape::max_rank] = {}, rank = 0;
  for (auto n : extents) {
    if (n > static_cast<std::size_t>(std::numeric_limits<int>::max()))
      throw ShapeError(std::string(what) + ": an extent of " + std::to_string(n) + " is too large");
    e[rank++] = static_cast<int>(n);
  }
  return Shape(e, rank);
}

/// The stride between rows of an expression with memory. Errors: ShapeError unless row-major with evenly spaced rows.
template <class E> std::int64_t row_stride_of(const E& e, const Shape& s) {
  const auto stride = [&](int k) { return static_cast<std::int64_t>(e.strides()[static_cast<std::size_t>(k)]); };
  const int rank = s.rank();
  bool even = rank == 0 || s[-1] <= 1 || stride(rank - 1) == 1;
  std::int64_t row = s.columns(), next = 0;
  for (int k = rank - 2; k >= 0 && s.size() > 0; --k) {
    if (s[k] == 1) continue;  // xtensor sets the stride of such an axis to 0
    if (next == 0) row = stride(k);
    else even = even && stride(k) == next;
    next = stride(k) * s[k];
  }
  if (!even || row < s.columns()) throw ShapeError("borrow: the memory is not row-major; use from_xt, which copies");
  return row;
}

/// A view of the memory at `data`, with rows `row_stride` apart; it shares ownership of `keeper`.
template <std::size_t N, class T>
View<T, N> adapt(T* data, const Shape& shape, std::int64_t row_stride, std::shared_ptr<void> keeper) {
  if (static_cast<std::size_t>(shape.rank()) != N)
    throw ShapeError("view: rank " + std::to_string(N) + " requested of rank " + std::to_string(shape.rank()));
  std::array<std::size_t, N> extents{};
  typename View<T, N>::strides_type strides{};
  std::int64_t next = 1;
  for (int k = shape.rank() - 1; k >= 0; --k) {
    const auto i = static_cast<std::size_t>(k);
    extents[i] = static_cast<std::size_t>(shape[k]);
    strides[i] = shape[k] == 1 ? 0 : static_cast<std::ptrdiff_t>(next);  // xtensor's convention
    next = k == shape.rank() - 1 ? row_stride : next * shape[k];
  }
  // xtensor expects the size of strided memory as the number of elements, not their span.
  const auto size = static_cast<std::size_t>(shape.size());
  Flat<T> flat(Buffer<T>(data, size, std::move(keeper)), std::array<std::size_t, 1>{size});
  return View<T, N>(std::move(flat), std::move(extents), std::move(strides), 0, xt::layout_type::dynamic);
}

}  // namespace xtensor_bridge

/// An Array over the memory of an xtensor container or view of float or double, which must outlive it. Writing to the
/// Array writes to the container; a const container must not be written to.
///
/// Errors    ShapeError if the memory is not row-major with evenly spaced rows, or has more than four axes
template <class E> Array borrow(E& e) {
  using T = std::remove_const_t<typename E::value_type>;
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "borrow takes float or double; from_xt converts");
  const Shape s = xtensor_bridge::shape_of(e.shape(), "borrow");
  auto* data = const_cast<T*>(e.data() + e.data_offset());
  return Array::borrowed(data, s, xtensor_bridge::row_stride_of(e, s), dtype_of<T>);
}
template <class E> Array borrow(const E&&) = delete;  // a temporary would not outlive the Array

/// An xtensor expression evaluated into a new Array: float32 for float, float64 for every other element type.
template <class E> Array from_xt(const xt::xexpression<E>& expression) {
  using T = std::conditional_t<std::is_same_v<std::remove_const_t<typename E::value_type>, float>, float, double>;
  const E& e = expression.derived_cast();
  const Shape s = xtensor_bridge::shape_of(e.shape(), "from_xt");
  Array a = Array::empty(s, dtype_of<T>);
  const std::vector<std::size_t> extents(e.shape().begin(), e.shape().end());
  auto out = xt::adapt(a.data<T>(), static_cast<std::size_t>(s.size()), xt::no_ownership(), extents);
  xt::noalias(out) = xt::cast<T>(e);
  return a;
}

/// The same for integers. Errors: ValueError if a value does not fit an int.
template <class E> Tokens tokens_from_xt(const xt::xexpression<E>& expression) {
  using T = typename E::value_type;
  static_assert(std::is_integral_v<T>, "tokens are integers");
  const E& e = expression.derived_cast();
  Tokens t(xtensor_bridge::shape_of(e.shape(), "tokens_from_xt"));
  int* out = t.data();
  const auto end = e.template end<xt::layout_type::row_major>();
  for (auto i = e.template begin<xt::layout_type::row_major>(); i != end; ++i) {
    if (!std::in_range<int>(static_cast<std::conditional_t<std::is_same_v<T, bool>, int, T>>(*i)))
      throw ValueError("tokens_from_xt: " + std::to_string(*i) + " does not fit an int");
    *out++ = static_cast<int>(*i);
  }
  return t;
}

/// An xtensor view of an Array's memory, which it keeps alive, with its row stride. `const T` forbids writing.
///
/// Errors    ShapeError if the rank is not N; ValueError if the element type is not T
template <class T, std::size_t N> xtensor_bridge::View<T, N> view(const Array& a) {
  T* data = const_cast<Array&>(a).data<std::remove_const_t<T>>();
  return xtensor_bridge::adapt<N>(data, a.shape(), a.row_stride(), std::make_shared<Array>(a));
}
template <class T, std::size_t N> xtensor_bridge::View<T, N> view(const Tokens& t) {
  static_assert(std::is_same_v<std::remove_const_t<T>, int>, "tokens are int");
  T* data = const_cast<Tokens&>(t).data();
  return xtensor_bridge::adapt<N>(data, t.shape(), t.shape().columns(), std::make_shared<Tokens>(t));
}

}  // namespace ebb
