#pragma once
#include <cstdint>
#include <initializer_list>
#include <iosfwd>

namespace ebb {

/// Extents of an Array, rank 0 (a scalar) to 4. An extent of -1 is valid only in reshape, which infers it.
///
/// Errors    ShapeError if there are more than four extents or one is below -1
class Shape {
 public:
  static constexpr int max_rank = 4;

  constexpr Shape() = default;
  Shape(std::initializer_list<int> extents);
  Shape(const int* extents, int rank);

  constexpr int rank() const { return rank_; }
  /// Extent of an axis; a negative axis counts from the end.
  int operator[](int axis) const { return extent_[normal_axis(axis)]; }
  /// The axis counted from the front. Errors: ShapeError if there is no such axis.
  int normal_axis(int axis) const {
    const int k = axis < 0 ? axis + rank_ : axis;
    if (k < 0 || k >= rank_) no_axis(axis);
    return k;
  }
  /// Number of elements.
  constexpr std::int64_t size() const {
    std::int64_t n = 1;
    for (int k = 0; k < rank_; ++k) n *= extent_[k];
    return n;
  }
  /// Extent of the last axis, 1 for rank 0.
  constexpr int columns() const { return rank_ == 0 ? 1 : extent_[rank_ - 1]; }
  /// Product of all extents but the last.
  constexpr std::int64_t rows() const {
    std::int64_t n = 1;
    for (int k = 0; k + 1 < rank_; ++k) n *= extent_[k];
    return n;
  }
  /// Whether no extent is left to infer.
  constexpr bool known() const { return (extent_[0] | extent_[1] | extent_[2] | extent_[3]) >= 0; }
  Shape with(int axis, int extent) const;      ///< the same with one extent replaced
  Shape without(int axis) const;               ///< the same with one axis removed
  Shape inserted(int axis, int extent) const;  ///< the same with one axis added before `axis`

  friend bool operator==(const Shape& a, const Shape& b) { return __builtin_memcmp(&a, &b, sizeof(Shape)) == 0; }

 private:
  [[noreturn]] void no_axis(int axis) const;
  int extent_[max_rank] = {};  // zero beyond the rank, so that shapes are compared as bytes
  int rank_ = 0;
};
static_assert(sizeof(Shape) == 20);

std::ostream& operator<<(std::ostream&, const Shape&);  ///< "[32, 128]"

/// The shape to which a and b broadcast by NumPy's rules. Errors: ShapeError naming both and `op`.
Shape broadcast(const Shape& a, const Shape& b, const char* op);

/// Axes to reduce: one, several, or all (the default). Negative axes count from the end.
struct Axes {
  int axis[Shape::max_rank] = {};
  int count = 0;
  bool all = true;
  constexpr Axes() = default;
  constexpr Axes(int a) : axis{a}, count(1), all(false) {}
  Axes(std::initializer_list<int> list);
};

/// Whether a reduction keeps the reduced axes with extent one.
enum class Keep : bool { no, yes };

}  // namespace ebb
