#include <algorithm>
#include <cstring>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/rows.hpp>
#include <ebb/ops/text.hpp>
#include <string>

namespace ebb {
namespace {

using detail::Around;
using detail::around;

char* bytes_at(const Array& a, std::int64_t element) {
  return static_cast<char*>(a.raw()) + element * static_cast<std::int64_t>(bytes_of(a.dtype()));
}

/// Rows [begin, begin + count) of x with its leading axes flattened: a view with x's row stride.
Array rows_of(const Array& x, std::int64_t begin, std::int64_t count) {
  return x.reshape({-1, x.columns()}).range(static_cast<int>(begin), static_cast<int>(begin + count));
}

void check_same(const char* op, const Array& first, const Array& part, int axis) {
  bool fits = first.rank() == part.rank();
  for (int k = 0; fits && k < first.rank(); ++k) fits = k == axis || first.dim(k) == part.dim(k);
  if (!fits)
    throw ShapeError(std::string(op) + ": shapes " + text(first.shape()) + " and " + text(part.shape()) +
                     " do not match");
  if (first.dtype() != part.dtype())
    throw ValueError(std::string(op) + ": element types differ: " + name_of(first.dtype()) + " and " +
                     name_of(part.dtype()));
}

}  // namespace

Array slice(const Array& x, int axis, int begin, int end) {
  const int k = x.shape().normal_axis(axis);
  if (begin < 0 || begin > end || end > x.dim(k))
    throw ShapeError("slice: [" + std::to_string(begin) + ", " + std::to_string(end) + ") of axis " +
                     std::to_string(k) + " of " + text(x.shape()));
  if (k == x.rank() - 1) return x.column_block(begin, end);
  if (k == 0) return x.range(begin, end);
  Array out = Array::empty(x.shape().with(k, end - begin), x.dtype());
  if (out.size() == 0) return out;
  const Around a = around(x.shape(), k);
  const std::int64_t inner_rows = a.inner / x.columns();  // rows per entry of the axis
  for (std::int64_t o = 0; o < a.outer; ++o) {
    Array to = rows_of(out, o * (end - begin) * inner_rows, (end - begin) * inner_rows);
    detail::copy_rows(to, rows_of(x, (o * a.extent + begin) * inner_rows, (end - begin) * inner_rows));
  }
  return out;
}

void put_slice(Array& whole, int axis, int begin, const Array& part, bool accumulate) {
  const int k = whole.shape().normal_axis(axis);
  check_same("put_slice", whole, part, k);
  const int extent = part.dim(k);
  if (begin < 0 || begin + extent > whole.dim(k))
    throw ShapeError("put_slice: " + text(part.shape()) + " at " + std::to_string(begin) + " of axis " +
                     std::to_string(k) + " of " + text(whole.shape()));
  if (part.size() == 0) return;
  const auto put = [&](Array to, const Array& from) {
    if (accumulate) add_into(to, from);
    else detail::copy_rows(to, from);
  };
  if (k == whole.rank() - 1) return put(whole.column_block(begin, begin + extent), part);
  const Around a = around(whole.shape(), k);
  const std::int64_t inner_rows = a.inner / whole.columns();
  for (std::int64_t o = 0; o < a.outer; ++o)
    put(rows_of(whole, (o * a.extent + begin) * inner_rows, extent * inner_rows),
        rows_of(part, o * extent * inner_rows, extent * inner_rows));
}

Array concat(const Array* parts, int count, int axis) {
  if (count < 1) throw ShapeError("concat: no parts");
  const int k = parts[0].shape().normal_axis(axis);
  int extent = 0;
  for (int i = 0; i < count; ++i) {
    check_same("concat", parts[0], parts[i], k);
    extent += parts[i].dim(k);
  }
  Array out = Array::empty(parts[0].shape().with(k, extent), parts[0].dtype());
  int at = 0;
  for (int i = 0; i < count; ++i) {
    put_slice(out, k, at, parts[i], false);
    at += parts[i].dim(k);
  }
  return out;
}

Array stack(const Array* parts, int count, int axis) {
  if (count < 1) throw ShapeError("stack: no parts");
  const Shape one = parts[0].shape().inserted(axis, 1);
  const int k = axis < 0 ? axis + one.rank() : axis;
  Array out = Array::empty(one.with(k, count), parts[0].dtype());
  for (int i = 0; i < count; ++i) {
    check_same("stack", parts[0], parts[i], -1);
    put_slice(out, k, i, parts[i].reshape(one), false);
  }
  return out;
}

Array flip(const Array& x, int axis) {
  const int k = x.shape().normal_axis(axis);
  Array out = Array::empty(x.shape(), x.dtype());
  if (x.size() == 0) return out;
  const Array in = x.compact();
  const Around a = around(x.shape(), k);
  const std::size_t chunk = static_cast<std::size_t>(a.inner) * bytes_of(x.dtype());
  for (std::int64_t o = 0; o < a.outer; ++o)
    for (int i = 0; i < a.extent; ++i)
      std::memcpy(bytes_at(out, (o * a.extent + i) * a.inner),
                  bytes_at(in, (o * a.extent + a.extent - 1 - i) * a.inner), chunk);
  return out;
}

Array pad(const Array& x, int axis, int before, int after, double value) {
  const int k = x.shape().normal_axis(axis);
  if (before < 0 || after < 0) throw ShapeError("pad: negative width for " + text(x.shape()));
  Array out = Array::full(x.shape().with(k, before + x.dim(k) + after), value, x.dtype());
  put_slice(out, k, before, x, false);
  return out;
}

}  // namespace ebb
