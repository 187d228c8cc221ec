#pragma once

namespace ebb {

/// The ops of this folder, like ShippedOp for those of autograd. tests/nn/shipped_op_test.cpp does not compile without
/// a sample for every entry, and an op must name its entry: `static constexpr auto tried_by = NnOp::ctc;`
enum class NnOp {
  attention_scores,
  attention_mix,
  attention_softmax,
  unfold_steps,
  conv2d,
  conv2d_input,
  conv2d_weight,
  max_pool,
  mean_pool,
  unpack,
  ctc,
  count
};

}  // namespace ebb
