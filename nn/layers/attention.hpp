#pragma once
#include <ebb/nn/cell.hpp>

/// Attention: the mean of a sequence's values, weighted by the match between a query and each key.
namespace ebb {

struct Attended {
  Var result;   ///< [B, E], or [I, B, E] for queries of I steps
  Var weights;  ///< [B, T], or [B, I, T]: each row sums to one
};

struct AttendOptions {
  bool scaled = true;   ///< divide scores by sqrt(D)
  bool causal = false;  ///< query i attends to keys 0 to i
};

/// Dot-product attention.
///
///     s[j] = q . K[j] / sqrt(D);   p = softmax(s);   result = sum_j p[j] V[j]
///
/// Shapes    q [B, D] (one decoder step) or [I, B, D]; K [T, B, D], V [T, B, E]; lengths [B], each from 1 to T
/// Errors    ShapeError if the shapes do not fit; ValueError if a length is outside [1, T]
/// Numerics  entries past a row's length are never read, and their weight and gradient are exactly 0: a padded row
///           gives bitwise the same result as the row alone
/// Cost      2 T (D + E) flops and 2 T kept values per query, without copies of K and V
/// Source    Vaswani et al. 2017, arXiv:1706.03762; without the scale Luong et al. 2015, arXiv:1508.04025
Attended attend(At q, At K, At V, const Lengths& lengths, const AttendOptions& o = {});
Attended attend(At q, At K, At V, const AttendOptions& o = {});

/// Additive attention: scores come from a small network.
///
///     s[j] = v . tanh(q W + K[j] U);   p = softmax(s);   result = sum_j p[j] V[j]
///
/// K U is the same for all queries; `keys` computes it once per sequence.
///
///     Var keys = attention.keys(encoded);
///     for (...) { auto [context, weights] = attention(h, keys, encoded, lengths); ... }
///
/// Shapes    q [B, Q] or [I, B, Q]; K [T, B, D], keys(K) [T, B, A], V [T, B, E]; lengths [B]; W [Q, A], U [D, A], v [A,
///           1]
/// Init      W uniform in +-1/sqrt(Q), U in +-1/sqrt(D), v in +-1/sqrt(A)
/// Errors    as for `attend`
/// Numerics  entries past a row's length have weight 0 and no gradient; K must be finite there, since `keys` multiplies
///           all of it by U
/// Cost      2 T A + 2 T E flops, T A evaluations of tanh and T A kept values per query
/// Source    Bahdanau et al. 2015, arXiv:1409.0473
/// Differs   the paper initialises v with zero, W and U with N(0, .001^2)
struct AdditiveAttention {
  Param W, U, v;

  AdditiveAttention(Builder p, int query, int key, int width);
  Var keys(At K) const;
  Attended operator()(At q, At keys, At V, const Lengths& lengths = {}) const;
};

}  // namespace ebb
