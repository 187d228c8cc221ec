#pragma once
#include <ebb/autograd/functions.hpp>

namespace ebb {
// cross_entropy(logits, tokens) stands in autograd/functions.hpp: one number per row or token, in nats.

/// (y - target)^2, its mean over the last axis: one number per row.
///
/// Shapes    y, target [B, D] or [B] -> [B]; [T, B, D] -> [T, B]
/// Errors    ShapeError unless both shapes are equal: nothing is broadcast
Var squared_error(At y, At target);
/// -t log sigmoid(z) - (1 - t) log(1 - sigmoid(z)), its sum over the last axis, in nats: one number per row.
///
/// Shapes    logits z, targets t in [0, 1]: [B, D] or [B] -> [B]
/// Errors    ShapeError unless both shapes are equal
/// Numerics  t softplus(-z) + (1 - t) softplus(z): finite for any finite z, and no digit is lost to cancellation
Var binary_cross_entropy(At logits, At target);

}  // namespace ebb
