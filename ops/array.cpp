#include <algorithm>
#include <cmath>
#include <cstring>
#include <ebb/ops/array.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/rows.hpp>
#include <ebb/ops/text.hpp>
#include <type_traits>

namespace ebb {

Array Array::empty(const Shape& shape, DType t) {
  if (!shape.known()) [[unlikely]]
    detail::require_known(shape);  // throws
  if (t == no_type) [[unlikely]]
    throw EmptyArrayError("an empty array was used");  // the result takes its element type from its operands
  Array a;
  a.buffer_ = detail::allocate(static_cast<std::size_t>(shape.size()) * bytes_of(t));
  a.data_ = a.buffer_->data;
  a.row_stride_ = shape.columns();
  a.shape_ = shape;
  a.dtype_ = t;
  return a;
}

Array Array::zeros(const Shape& shape, DType t) {
  Array a = empty(shape, t);
  std::memset(a.data_, 0, a.bytes());
  return a;
}

Array Array::full(const Shape& shape, double x, DType t) {
  Array a = empty(shape, t);
  a.fill(x);
  return a;
}

Array Array::number(double x, DType t) { return full({}, x, t); }

Array Array::from(const Shape& shape, std::initializer_list<double> values, DType t) {
  if (static_cast<std::int64_t>(values.size()) != shape.size())
    throw ShapeError("from: " + detail::counted(values.size(), "value") + " given for " + text(shape));
  Array a = empty(shape, t);
  std::int64_t i = 0;
  for (double x : values) a.set_flat(i++, x);
  return a;
}

Array Array::borrowed(void* data, const Shape& shape, std::int64_t row_stride, DType t) {
  if (row_stride < shape.columns() && shape.rows() > 1)
    throw ShapeError("borrowed: a row stride of " + std::to_string(row_stride) + " is less than a row of " +
                     text(shape));
  const std::int64_t span = shape.size() == 0 ? 0 : (shape.rows() - 1) * row_stride + shape.columns();
  Array a;
  a.buffer_ = detail::borrow(data, static_cast<std::size_t>(span) * bytes_of(t));
  a.data_ = data;
  a.row_stride_ = row_stride;
  a.shape_ = shape;
  a.dtype_ = t;
  return a;
}

void Array::wrong_dtype(DType asked) const {
  if (dtype_ == no_type) throw EmptyArrayError("an empty array was used");
  throw ValueError(std::string("array: elements are ") + name_of(dtype_) + ", not " + name_of(asked));
}

Array Array::view(const Shape& shape, std::int64_t offset, std::int64_t row_stride) const {
  Array a = *this;
  a.shape_ = shape;
  a.data_ = static_cast<char*>(data_) + offset * static_cast<std::int64_t>(bytes_of(dtype_));
  a.row_stride_ = row_stride;
  return a;
}

double Array::at_flat(std::int64_t i) const {
  if (i < 0 || i >= size() || !buffer_)
    throw ShapeError("at_flat: no element " + std::to_string(i) + " in " + (buffer_ ? text(shape_) : "an empty array"));
  const std::int64_t c = columns(), at = (i / c) * row_stride_ + i % c;
  return dtype_ == f32 ? static_cast<double>(static_cast<const float*>(data_)[at])
                       : static_cast<const double*>(data_)[at];
}

double Array::at(std::initializer_list<int> index) const { return at_flat(detail::flat_index(shape_, index)); }

void Array::set_flat(std::int64_t i, double x) {
  if (i < 0 || i >= size() || !buffer_)
    throw ShapeError("set_flat: no element " + std::to_string(i) + " in " +
                     (buffer_ ? text(shape_) : "an empty array"));
  const std::int64_t c = columns(), at = (i / c) * row_stride_ + i % c;
  if (dtype_ == f32) static_cast<float*>(data_)[at] = static_cast<float>(x);
  else static_cast<double*>(data_)[at] = x;
}

double Array::item() const {
  if (size() != 1 || !buffer_) throw ShapeError("item: " + text(shape_) + " has more or less than one element");
  return at_flat(0);
}

Array Array::reshape(const Shape& wanted) const {
  const Shape s = detail::reshaped(shape_, wanted);
  if (contiguous()) return view(s, 0, s.columns());
  if (s.columns() == columns()) return view(s, 0, row_stride_);  // rows are regrouped, none is split
  return copy().view(s, 0, s.columns());
}

Array Array::operator[](int i) const {
  if (rank() == 0) throw ShapeError("index: a scalar has no axis to index");
  const int n = shape_[0], k = i < 0 ? i + n : i;
  if (k < 0 || k >= n) throw ShapeError("index: " + std::to_string(i) + " is out of range for " + text(shape_));
  if (rank() == 1) return view({}, k, 1);
  return view(shape_.without(0), k * (rows() / n) * row_stride_, row_stride_);
}

Array Array::range(int begin, int end) const {
  if (rank() == 0 || begin < 0 || begin > end || end > shape_[0])
    throw ShapeError("range: [" + std::to_string(begin) + ", " + std::to_string(end) + ") of " + text(shape_));
  if (rank() == 1) return view({end - begin}, begin, end - begin);
  return view(shape_.with(0, end - begin), shape_[0] ? begin * (rows() / shape_[0]) * row_stride_ : 0, row_stride_);
}

Array Array::column_block(int begin, int end) const {
  if (rank() == 0 || begin < 0 || begin > end || end > columns())
    throw ShapeError("column_block: [" + std::to_string(begin) + ", " + std::to_string(end) + ") of " + text(shape_));
  return view(shape_.with(-1, end - begin), begin, row_stride_);
}

Array Array::copy() const {
  Array a = empty(shape_, dtype_);
  a.assign(*this);
  return a;
}

Array Array::to(DType t) const {
  if (t == dtype_ || !buffer_) return *this;
  Array a = empty(shape_, t);
  a.assign(*this);
  return a;
}

Array Array::compact() const { return contiguous() ? *this : copy(); }

void Array::assign(const Array& from) {
  if (!(shape_ == from.shape_)) throw ShapeError("assign: " + text(from.shape_) + " into " + text(shape_));
  if (dtype_ == from.dtype_) return detail::copy_rows(*this, from);
  with_dtype(dtype_, [&](auto to_zero) {
    using To = decltype(to_zero);
    using From = std::conditional_t<std::is_same_v<To, float>, double, float>;
    detail::for_rows(*this, [&](std::int64_t r) {
      const From* src = from.data<From>() + r * from.row_stride_;
      To* dst = data<To>() + r * row_stride_;
      for (int j = 0; j < columns(); ++j) dst[j] = static_cast<To>(src[j]);
    });
  });
}

void Array::fill(double x) {
  if (x == 0 && !std::signbit(x) && contiguous() && buffer_) {
    std::memset(data_, 0, bytes());
    return;
  }
  with_dtype(dtype_, [&](auto zero) {
    using T = decltype(zero);
    detail::for_rows(*this,
                     [&](std::int64_t r) { std::fill_n(data<T>() + r * row_stride_, columns(), static_cast<T>(x)); });
  });
}

}  // namespace ebb
