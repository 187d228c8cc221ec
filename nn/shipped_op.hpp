#pragma once

namespace ebb {

/// The ops of this folder, as ShippedOp has those of autograd. An entry without a sample in
/// tests/nn/shipped_op_test.cpp does not compile there, nor does an op here that does not say which entry tries it:
/// `static constexpr auto tried_by = NnOp::ctc;`
enum class NnOp {
  attention_scores,
  attention_mix,
  attention_softmax,
  unfold_steps,
  unfold_images,
  max_pool,
  mean_pool,
  unpack,
  ctc,
  count
};

}  // namespace ebb
