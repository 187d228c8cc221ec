#pragma once
#include <ebb/ops/array.hpp>

/// numpy's broadcasting as strides. Not part of the public face.
namespace ebb::detail {

/// An array seen under a larger shape: strides in elements, 0 along axes that it is repeated over. Axes are
/// aligned to the right of four.
struct Operand {
  const void* data = nullptr;  // null: no such operand
  std::int64_t stride[Shape::max_rank] = {};
};
Operand operand(const Array&, const Shape& under);

/// The loops left when axes that all operands walk through evenly are merged, aligned to the right: the last is the
/// inner one, over which every operand's stride is 0 or 1.
struct Loops {
  std::int64_t extent[Shape::max_rank] = {1, 1, 1, 1};
};
Loops collapse(Operand* operands, int count, const Shape& shape);

/// Widens `s` so that `other` broadcasts to it too; false if that cannot be.
bool broadcast_into(Shape& s, const Shape& other);

}  // namespace ebb::detail
