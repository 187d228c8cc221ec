#pragma once
#include <ebb/ops/stacked.hpp>

namespace ebb {

enum class Trans : bool { no, yes };

/// op(a) op(b), with op the identity or the transpose of the last two axes.
///
/// Shapes    [M, K] x [K, N] -> [M, N];  [..., M, K] x [K, N] -> [..., M, N];  [B, M, K] x [B, K, N] -> [B, M, N]
/// Errors    ShapeError naming both shapes: "inner sizes differ: x is [32, 128], W is [64, 256]"
/// Numerics  each element is one chain of fused multiply-adds in the order of K; beyond K = 4096, a pairwise sum of
///           such chains. A row's result depends neither on its position in the batch nor on the number of threads
Array matmul(const Array& a, const Array& b, Trans ta = Trans::no, Trans tb = Trans::no);

/// c (+)= op(a) op(b), rank 2 (leading axes of a and c are flattened if b has rank 2 and a is not transposed).
void matmul_into(Array& c, const Array& a, const Array& b, Trans ta, Trans tb, bool accumulate);

/// The right operand of many products, op(b) [K, N], in the layout that the kernels read. A reference-counted handle to
/// a copy of b's elements.
///
/// Cost      one pass over b, and as many bytes (N rounded up to a register)
class Pack {
 public:
  Pack() = default;
  Pack(const Array& b, Trans tb);
  explicit Pack(const Stacked& b);
  void assign(const Array& b, Trans tb);  ///< in the same memory, if it fits and no other handle shares it
  explicit operator bool() const { return static_cast<bool>(panels_); }
  int inner() const { return inner_; }
  int columns() const { return columns_; }
  const Array& panels() const { return panels_; }

 private:
  void fill(const detail::PackTask&, DType);
  Array panels_;
  int inner_ = 0, columns_ = 0;
};

/// c (+)= a b with b packed, bitwise equal to the product with b itself. Leading axes of a and c are flattened.
void matmul_into(Array& c, const Array& a, const Pack& b, bool accumulate);

/// The left operand of many products a^T b, in the layout that the kernels read: tiles of so many columns of a as a
/// kernel has rows. A reference-counted handle to a copy of a's elements.
///
/// Cost      one pass over a, and as many bytes
class LeftPack {
 public:
  LeftPack() = default;
  explicit LeftPack(const Stacked& a);  ///< a [K, M]
  explicit operator bool() const { return static_cast<bool>(tiles_); }
  int inner() const { return inner_; }
  int rows() const { return rows_; }  ///< M
  const Array& tiles() const { return tiles_; }

 private:
  Array tiles_;
  int inner_ = 0, rows_ = 0;
};

/// c (+)= a^T b, as in a weight's gradient, bitwise equal to the product with a and b themselves.
///
/// Shapes    a [K, M], b [K, N] -> c [M, N]
void matmul_transposed_into(Array& c, const LeftPack& a, const Pack& b, bool accumulate);

/// c (+)= the sum of b's rows, [N].
void sum_rows_into(Array& c, const Pack& b, bool accumulate);

/// Outer product over the last axes.
///
/// Shapes    a [..., M], b [..., N] -> c [..., M, N]; axes before the last broadcast
Array outer(const Array& a, const Array& b);

/// Shape of matmul(a, b). Errors: ShapeError
Shape matmul_shape(const Shape& a, const Shape& b, Trans ta, Trans tb);

}  // namespace ebb
