#pragma once
#include <ebb/autograd/functions.hpp>

/// The three products of attention on sequences [T, N, D]. A batch row, or one of its heads, is a block of columns of
/// [T, N D], which the matmul kernels read without a copy. The gradients of each product are the other two.
namespace ebb::detail {

/// The number of keys visible to a row: all, or those within its length. Consecutive heads share a length.
struct Seen {
  Lengths lengths;  ///< [N / heads], or empty: all
  int heads = 1;
  int of(std::int64_t n, int steps) const { return lengths ? lengths.data()[n / heads] : steps; }
};

/// s[n, i, j] = sum_d q[i, n, d] K[j, n, d], zero where key j is masked: [I, N, D], [T, N, D] -> [N, I, T]
Var scores(At q, At K, const Seen&);
/// y[i, n, e] = sum_j p[n, i, j] V[j, n, e], over the visible keys: [N, I, T], [T, N, E] -> [I, N, E]
Var mix(At p, At V, const Seen&);
/// x [T, B, D], with its padding set to zero if any element is not finite, to avoid 0 times NaN in gradients.
Var without_padding(At x, const Lengths&);
/// Softmax of s over the visible keys, zero elsewhere; if causal, query i sees only keys 0 to i.
Var seen_softmax(At s, const Seen&, bool causal);

/// Errors    ShapeError unless q is [B, D] or [I, B, D], K [T, B, ...], V [T, B, ...] and lengths [B]; ValueError if a
///           length is outside [1, T], or `causal` is set for a single query
void check_attention(const char* op, const Shape& q, const Shape& K, const Shape& V, const Lengths&, bool causal);

}  // namespace ebb::detail
