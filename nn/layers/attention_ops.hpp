#pragma once
#include <ebb/autograd/functions.hpp>

/// The three products of attention, on sequences as they stand, [T, N, D]: a row of the batch, or one of its heads, is
/// a block of columns of [T, N D], which the kernels of products read without a copy. Each one's gradients are the
/// others.
namespace ebb::detail {

/// How many keys a row sees: all, or the first so many of its sequence. Several heads in a row share a length.
struct Seen {
  Lengths lengths;  ///< [N / heads], or empty: all
  int heads = 1;
  int of(std::int64_t n, int steps) const { return lengths ? lengths.data()[n / heads] : steps; }
};

/// s[n, i, j] = sum_d q[i, n, d] K[j, n, d], zero where key j is not seen: [I, N, D], [T, N, D] -> [N, I, T]
Var scores(At q, At K, const Seen&);
/// y[i, n, e] = sum_j p[n, i, j] V[j, n, e], over the keys that are seen: [N, I, T], [T, N, E] -> [I, N, E]
Var mix(At p, At V, const Seen&);
/// x [T, B, D], with zeros in the padding if something there or elsewhere is not finite: a matrix that met it would
/// take 0 times NaN for its gradient.
Var without_padding(At x, const Lengths&);
/// Softmax of s over the keys that are seen, zero elsewhere; causal: of those, query i sees keys 0 to i.
Var seen_softmax(At s, const Seen&, bool causal);

/// Errors    ShapeError unless q is [B, D] or [I, B, D], K [T, B, ...], V [T, B, ...] and lengths [B]; ValueError if a
///           length is not from 1 to T, or if `causal` is asked of a single query
void check_attention(const char* op, const Shape& q, const Shape& K, const Shape& V, const Lengths&, bool causal);

}  // namespace ebb::detail
