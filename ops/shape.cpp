#include <ebb/ops/broadcasting.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/rows.hpp>
#include <ebb/ops/shape.hpp>
#include <ebb/ops/text.hpp>
#include <ostream>
#include <sstream>

namespace ebb {

Shape::Shape(std::initializer_list<int> extents) : Shape(extents.begin(), static_cast<int>(extents.size())) {}

Shape::Shape(const int* extents, int rank) {
  if (rank < 0 || rank > max_rank)
    throw ShapeError("shape: rank " + std::to_string(rank) + " is outside 0 to " + std::to_string(max_rank));
  rank_ = rank;
  double elements = 1;
  for (int k = 0; k < rank; ++k) {
    extent_[k] = extents[k];
    elements *= extents[k] > 0 ? extents[k] : 1;
  }
  for (int k = 0; k < rank; ++k)
    if (extents[k] < -1) throw ShapeError("shape: a negative extent in " + text(*this));
  if (elements > 9e15) throw ShapeError("shape: more elements than can be addressed in " + text(*this));
}

void Shape::no_axis(int axis) const {
  throw ShapeError("shape: axis " + std::to_string(axis) + " of " + text(*this) + " does not exist");
}

Shape Shape::with(int axis, int extent) const {
  const int k = normal_axis(axis);
  Shape s = *this;
  s.extent_[k] = extent;
  if (extent < 0 || extent > extent_[k]) static_cast<void>(Shape(s.extent_, rank_));  // checks it
  return s;
}

Shape Shape::without(int axis) const {
  Shape s;
  const int gone = normal_axis(axis);
  for (int k = 0; k < rank_; ++k)
    if (k != gone) s.extent_[s.rank_++] = extent_[k];
  return s;
}

Shape Shape::inserted(int axis, int extent) const {
  const int at = axis < 0 ? axis + rank_ + 1 : axis;
  if (at < 0 || at > rank_ || rank_ == max_rank)
    throw ShapeError("shape: cannot add axis " + std::to_string(axis) + " to " + text(*this));
  int e[max_rank], n = 0;
  for (int k = 0; k <= rank_; ++k) {
    if (k == at) e[n++] = extent;
    if (k < rank_) e[n++] = extent_[k];
  }
  return Shape(e, n);
}

std::ostream& operator<<(std::ostream& out, const Shape& s) {
  out << '[';
  for (int k = 0; k < s.rank(); ++k) out << (k ? ", " : "") << s[k];
  return out << ']';
}

std::string text(const Shape& s) {
  std::ostringstream out;
  out << s;
  return out.str();
}

Shape broadcast(const Shape& a, const Shape& b, const char* op) {
  Shape s = a;
  if (!detail::broadcast_into(s, b))
    throw ShapeError(std::string(op) + ": shapes " + text(a) + " and " + text(b) + " do not broadcast");
  return s;
}

Axes::Axes(std::initializer_list<int> list) : all(false) {
  if (list.size() > Shape::max_rank) throw ShapeError("axes: more than " + std::to_string(Shape::max_rank) + " given");
  for (int a : list) axis[count++] = a;
}

}  // namespace ebb

namespace ebb::detail {

std::int64_t flat_index(const Shape& shape, std::initializer_list<int> index) {
  bool fits = static_cast<int>(index.size()) == shape.rank();
  std::int64_t flat = 0;
  int k = 0;
  for (const int i : index) {
    fits = fits && i >= 0 && i < shape[k];
    if (!fits) break;
    flat = flat * shape[k++] + i;
  }
  if (fits) return flat;
  std::string asked;
  for (const int i : index) asked += (asked.empty() ? "" : ", ") + std::to_string(i);
  throw ShapeError("at: no element [" + asked + "] in " + text(shape));
}

Shape reshaped(const Shape& from, const Shape& wanted) {
  std::int64_t known = 1;
  int open = -1;
  bool fits = true;
  for (int k = 0; k < wanted.rank(); ++k) {
    if (wanted[k] >= 0) known *= wanted[k];
    else if (open < 0) open = k;
    else fits = false;
  }
  const std::int64_t n = from.size();
  if (open >= 0) fits = fits && known > 0 && n % known == 0;
  else fits = known == n;
  if (!fits) throw ShapeError("reshape: " + text(from) + " does not fit " + text(wanted));
  return open < 0 ? wanted : wanted.with(open, static_cast<int>(n / known));
}

}  // namespace ebb::detail
