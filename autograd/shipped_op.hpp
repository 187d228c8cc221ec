#pragma once

namespace ebb {

/// Shipped ops that are not elementwise. op_list.cpp does not compile without a case for every entry, and an op of this
/// folder does not compile without naming its entry: `static constexpr auto tried_by = ShippedOp::cumsum;`
enum class ShippedOp {
  matmul,
  matmul_batched,
  outer,
  transpose,
  transpose_order,
  sum,
  mean,
  amax,
  cumsum,
  logsumexp,
  softmax,
  log_softmax,
  cross_entropy,
  norm,
  row_norm,
  reshape,
  broadcast_to,
  sum_to,
  slice,
  range,
  entry,
  split,
  concat,
  stack,
  flip,
  pad,
  gather,
  scatter_add,
  pick,
  count
};

}  // namespace ebb
