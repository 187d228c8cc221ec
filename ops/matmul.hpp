#pragma once
#include <ebb/ops/stacked.hpp>

namespace ebb {

enum class Trans : bool { no, yes };

/// op(a) op(b), with op the identity or the transpose of the last two axes.
///
/// Shapes    [M, K] x [K, N] -> [M, N];  [..., M, K] x [K, N] -> [..., M, N];  [B, M, K] x [B, K, N] -> [B, M, N]
/// Errors    ShapeError naming both shapes: "inner sizes differ: x is [32, 128], W is [64, 256]"
/// Numerics  each element is one chain of fused multiply-adds in the order of K, and beyond K = 4096 a sum of such
///           chains, joined pairwise: a row's result does not depend on its place in the batch, nor on threads
Array matmul(const Array& a, const Array& b, Trans ta = Trans::no, Trans tb = Trans::no);

/// c (+)= op(a) op(b), rank 2 (leading axes of a and c are folded when b is rank 2 and a is not transposed).
void matmul_into(Array& c, const Array& a, const Array& b, Trans ta, Trans tb, bool accumulate);

/// The right operand of many products, op(b) [K, N] laid out as the kernels read it. A counted handle; the numbers are
/// those of b when it was packed.
///
/// Cost      one pass over b, and as many bytes (N rounded up to a register)
class Pack {
 public:
  Pack() = default;
  Pack(const Array& b, Trans tb);
  explicit Pack(const Stacked& b);
  explicit operator bool() const { return static_cast<bool>(panels_); }
  int inner() const { return inner_; }
  int columns() const { return columns_; }
  const Array& panels() const { return panels_; }

 private:
  void fill(const detail::PackTask&, DType);
  Array panels_;
  int inner_ = 0, columns_ = 0;
};

/// c (+)= a b with b packed: the same bits as with b itself. Leading axes of a and c are folded into rows.
void matmul_into(Array& c, const Array& a, const Pack& b, bool accumulate);

/// c (+)= a^T b, as a weight's gradient is.
///
/// Shapes    a [K, M], b [K, N] -> c [M, N]
void matmul_transposed_into(Array& c, const Array& a, const Pack& b, bool accumulate);

/// c (+)= the sum of b's rows, [N].
void sum_rows_into(Array& c, const Pack& b, bool accumulate);

/// Every product of an element of a with one of b.
///
/// Shapes    a [..., M], b [..., N] -> c [..., M, N]; axes before the last broadcast
Array outer(const Array& a, const Array& b);

/// Shape of matmul(a, b) or ShapeError.
Shape matmul_shape(const Shape& a, const Shape& b, Trans ta, Trans tb);

}  // namespace ebb
