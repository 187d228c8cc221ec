#pragma once
#include <ebb/nn/layers/attention.hpp>

namespace ebb {

struct MultiHeadOptions {
  int heads = 1;
  double dropout = 0;  ///< probability of dropping a weight in training
  int keys = 0;        ///< width of K; 0: that of the queries
  int values = 0;      ///< width of V, likewise
};

/// Several attention heads in parallel, each on its block of the width.
///
///     Q = q Wq + bq, K' = K Wk + bk, V' = V Wv + bv, split into `heads` blocks;   y = [attend(Q_h, K'_h, V'_h)]_h Wo + bo
///
/// Shapes    q [B, D] or [I, B, D], K [T, B, keys], V [T, B, values] -> result [B, D] or [I, B, D], weights [B, heads,
///           T] or [B, heads, I, T]; Wq, Wo [D, D], Wk [keys, D], Wv [values, D]
/// Init      Wq, Wk, Wv Xavier-uniform, Wo uniform in +-1/sqrt(D), biases zero
/// Errors    as for `attend`; ValueError if the heads do not divide the width, or dropout is outside [0, 1)
/// Numerics  as for `attend`. The returned weights are those before dropout, whose mask depends on T
/// Source    Vaswani et al. 2017, arXiv:1706.03762
struct MultiHeadAttention {
  Param Wq, bq, Wk, bk, Wv, bv, Wo, bo;
  MultiHeadOptions options;

  MultiHeadAttention(Builder p, int width, MultiHeadOptions o = {});
  Attended operator()(At q, At K, At V, const Lengths&, const StepContext&, const AttendOptions& o = {}) const;
  Attended operator()(At q, At K, At V, const StepContext&, const AttendOptions& o = {}) const;
};

}  // namespace ebb
