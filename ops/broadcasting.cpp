#include <ebb/ops/broadcasting.hpp>

namespace ebb::detail {
namespace {

constexpr int rank = Shape::max_rank;

/// Whether axis `outer` continues where axis `inner` ends, for every operand, so that the two merge into one loop.
bool even(const Operand* operands, int count, int outer, int inner, std::int64_t inner_extent) {
  for (int k = 0; k < count; ++k)
    if (operands[k].data && operands[k].stride[outer] != operands[k].stride[inner] * inner_extent) return false;
  return true;
}

void move_axis(Operand* operands, int count, Loops& l, int from, int to) {
  if (from == to) return;
  l.extent[to] = l.extent[from];
  l.extent[from] = 1;
  for (int k = 0; k < count; ++k) {
    operands[k].stride[to] = operands[k].stride[from];
    operands[k].stride[from] = 0;
  }
}

}  // namespace

Operand operand(const Array& a, const Shape& under) {
  Operand o;
  o.data = a.raw();
  const Shape& s = a.shape();
  std::int64_t stride = 1;
  for (int k = 1; k <= s.rank(); ++k) {
    const int axis = s.rank() - k, wide = under.rank() - k;
    if (s[axis] == under[wide]) o.stride[rank - k] = stride;  // else the extent is one: stride 0
    stride = k == 1 ? a.row_stride() : stride * s[axis];
  }
  return o;
}

Loops collapse(Operand* operands, int count, const Shape& shape) {
  Loops l;
  for (int k = 1; k <= shape.rank(); ++k) l.extent[rank - k] = shape[-k];
  // From the inner axis outwards; `top` is the outermost axis merged so far.
  int top = rank;
  for (int axis = rank - 1; axis >= 0; --axis) {
    if (l.extent[axis] == 1) {
      for (int k = 0; k < count; ++k) operands[k].stride[axis] = 0;
    } else if (top < rank && even(operands, count, axis, top, l.extent[top])) {
      l.extent[top] *= l.extent[axis];
      l.extent[axis] = 1;
    } else {
      move_axis(operands, count, l, axis, --top);
    }
  }
  if (top == rank) return l;
  bool steps = true;  // 0 or 1 along the inner axis?
  for (int k = 0; k < count; ++k) steps = steps && (!operands[k].data || operands[k].stride[rank - 1] <= 1);
  if (!steps)  // a column of a wider array: treat it as rows of one element
    for (int axis = top; axis < rank; ++axis) move_axis(operands, count, l, axis, axis - 1);
  return l;
}

bool broadcast_into(Shape& s, const Shape& other) {
  const int r = s.rank() > other.rank() ? s.rank() : other.rank();
  int e[rank];
  for (int k = 1; k <= r; ++k) {
    const int x = k <= s.rank() ? s[-k] : 1, y = k <= other.rank() ? other[-k] : 1;
    if (x != y && x != 1 && y != 1) return false;
    e[r - k] = x == 1 ? y : x;
  }
  s = Shape(e, r);
  return true;
}

}  // namespace ebb::detail
