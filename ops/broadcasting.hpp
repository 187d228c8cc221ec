#pragma once
#include <ebb/ops/array.hpp>

/// NumPy's broadcasting, expressed as strides. Internal.
namespace ebb::detail {

/// An array broadcast to a larger shape: strides in elements, 0 along repeated axes. Axes are right-aligned to four.
struct Operand {
  const void* data = nullptr;  // null: the operand is absent
  std::int64_t stride[Shape::max_rank] = {};
};
Operand operand(const Array&, const Shape& under);

/// The loops that remain after axes with matching strides in all operands are merged, aligned to the right. The last
/// one is the inner loop, along which every operand's stride is 0 or 1.
struct Loops {
  std::int64_t extent[Shape::max_rank] = {1, 1, 1, 1};
};
Loops collapse(Operand* operands, int count, const Shape& shape);

/// Widens `s` so that `other` broadcasts to it too; false if the shapes are incompatible.
bool broadcast_into(Shape& s, const Shape& other);

}  // namespace ebb::detail
