#include <algorithm>
#include <cstring>
#include <ebb/ops/array.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/rows.hpp>
#include <ebb/ops/text.hpp>
#include <utility>

namespace ebb {
namespace {

detail::Buffer* room_for(const Shape& s) {
  detail::require_known(s);
  return detail::allocate(static_cast<std::size_t>(s.size()) * sizeof(int));
}

}  // namespace

Tokens::Tokens(const Shape& s) : buffer_(room_for(s)), data_(static_cast<int*>(buffer_->data)), shape_(s) {
  std::memset(data_, 0, static_cast<std::size_t>(s.size()) * sizeof(int));
}

Tokens::Tokens(const Shape& s, std::initializer_list<int> values) {
  if (static_cast<std::int64_t>(values.size()) != s.size())
    throw ShapeError("tokens: " + detail::counted(values.size(), "value") + " given for " + text(s));
  *this = Tokens(s);
  std::copy(values.begin(), values.end(), data_);
}

Tokens::Tokens(const Tokens& o) noexcept : buffer_(o.buffer_), data_(o.data_), shape_(o.shape_) {
  if (buffer_) buffer_->holders.hold();
}

Tokens::Tokens(Tokens&& o) noexcept
    : buffer_(std::exchange(o.buffer_, nullptr)), data_(std::exchange(o.data_, nullptr)), shape_(o.shape_) {}

Tokens& Tokens::operator=(Tokens o) noexcept {
  std::swap(buffer_, o.buffer_);
  data_ = o.data_;
  shape_ = o.shape_;
  return *this;
}

Tokens::~Tokens() {
  if (buffer_) detail::release(buffer_);
}

int Tokens::at(std::initializer_list<int> index) const { return data_[detail::flat_index(shape_, index)]; }

Tokens Tokens::operator[](int i) const {
  if (rank() == 0) throw ShapeError("index: a scalar has no axis to index");
  const int k = i < 0 ? i + shape_[0] : i;
  if (k < 0 || k >= shape_[0]) throw ShapeError("index: " + std::to_string(i) + " is out of range for " + text(shape_));
  Tokens t = *this;
  t.shape_ = shape_.without(0);
  t.data_ += k * t.size();
  return t;
}

Tokens Tokens::range(int begin, int end) const {
  if (rank() == 0 || begin < 0 || begin > end || end > shape_[0])
    throw ShapeError("range: [" + std::to_string(begin) + ", " + std::to_string(end) + ") of " + text(shape_));
  Tokens t = *this;
  t.shape_ = shape_.with(0, end - begin);
  t.data_ += begin * shape_.without(0).size();
  return t;
}

Tokens Tokens::reshape(const Shape& wanted) const {
  Tokens t = *this;
  t.shape_ = detail::reshaped(shape_, wanted);
  return t;
}

Tokens Tokens::copy() const {
  Tokens t(shape_);
  std::copy_n(data_, size(), t.data_);
  return t;
}

}  // namespace ebb
