#pragma once
#include <ebb/autograd/functions.hpp>

namespace ebb {
// cross_entropy(logits, tokens) stands in autograd/functions.hpp: one number per row or token, in nats.

/// Mean over the last axis of (y - target)^2: one number per row. Shapes: y, target [B, D] or [B] -> [B]
Var squared_error(At y, At target);
/// -t log sigmoid(z) - (1 - t) log(1 - sigmoid(z)), summed over the last axis if there is one: logits z, targets t in [0, 1].
/// Numerics  softplus form, finite for any z
Var binary_cross_entropy(At logits, At target);

}  // namespace ebb
