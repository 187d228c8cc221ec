#pragma once
#include <ebb/nn/cell.hpp>

/// Attention: a query looks at a sequence of keys and takes the mean of their values, weighted by how well each key
/// fits.
namespace ebb {

struct Attended {
  Var result;   ///< [B, E], or [I, B, E] for queries of I steps
  Var weights;  ///< [B, T], or [B, I, T]: each row sums to one
};

struct AttendOptions {
  bool scaled = true;   ///< scores divided by sqrt(D)
  bool causal = false;  ///< query i sees keys 0 to i
};

/// Attention with dot products as scores.
///
///     s[j] = q . K[j] / sqrt(D);   p = softmax(s);   result = sum_j p[j] V[j]
///
/// Shapes    q [B, D], a decoder's step, or [I, B, D]; K [T, B, D], V [T, B, E]; lengths [B], each from 1 to T
/// Errors    ShapeError if the shapes do not fit; ValueError if a length is not from 1 to T
/// Numerics  what stands past a row's length is never read, its weight is exactly 0 and so is its gradient: a padded
///           row's result has the bits of that row alone
/// Cost      2 T (D + E) flops a query; keeps 2 T numbers a query, and no copy of K and V
/// Source    Vaswani et al. 2017, arXiv:1706.03762; without the scale Luong et al. 2015, arXiv:1508.04025
Attended attend(At q, At K, At V, const Lengths& lengths, const AttendOptions& o = {});
Attended attend(At q, At K, At V, const AttendOptions& o = {});

/// Attention whose scores come from a small network.
///
///     s[j] = v . tanh(q W + K[j] U);   p = softmax(s);   result = sum_j p[j] V[j]
///
/// K U is the same for all queries: `keys` makes it once for a sequence.
///
///     Var keys = attention.keys(encoded);
///     for (...) { auto [context, weights] = attention(h, keys, encoded, lengths); ... }
///
/// Shapes    q [B, Q] or [I, B, Q]; K [T, B, D], keys(K) [T, B, A], V [T, B, E]; lengths [B]; W [Q, A], U [D, A], v [A,
///           1]
/// Init      W uniform in +-1/sqrt(Q), U in +-1/sqrt(D), v in +-1/sqrt(A)
/// Errors    as `attend`
/// Numerics  whatever stands past a row's length has weight 0 and no gradient; K itself must be finite there where
///           `keys` meets U
/// Cost      2 T A + 2 T E flops and as many tanh as T A a query; keeps T A numbers a query
/// Source    Bahdanau et al. 2015, arXiv:1409.0473
/// Differs   the paper starts v at zero, W and U in N(0, .001^2)
struct AdditiveAttention {
  Param W, U, v;

  AdditiveAttention(Builder p, int query, int key, int width);
  Var keys(At K) const;
  Attended operator()(At q, At keys, At V, const Lengths& lengths = {}) const;
};

}  // namespace ebb
