#pragma once
#include <ebb/autograd/functions.hpp>

/// Losses with one value per row or token, which Shard::mean_rows and mean_tokens average over the whole batch.
/// cross_entropy(logits, tokens) is in autograd/functions.hpp; the overload with smoothing, weights and ignored targets
/// is in nn/losses/class_loss.hpp, with the mean over such losses; ctc is in nn/losses/ctc.hpp.
namespace ebb {

/// Mean of (y - target)^2 over the last axis: one value per row.
///
/// Shapes    y, target [B, D] or [B] -> [B]; [T, B, D] -> [T, B]
/// Errors    ShapeError unless both shapes are equal; they do not broadcast
Var squared_error(At y, At target);

/// Huber loss: quadratic near the target, linear far from it, averaged over the last axis.
///
///     r = |y - target|;   r^2 / 2  where r <= delta,   delta (r - delta / 2)  elsewhere
///
/// Shapes    y, target [B, D] or [B] -> [B]; [T, B, D] -> [T, B]
/// Errors    ShapeError unless both shapes are equal; ValueError unless delta is above 0
/// Source    Huber 1964, doi:10.1214/aoms/1177703732
Var huber(At y, At target, double delta = 1);

/// The Huber loss divided by its delta, here beta, so that its slope at large errors is 1; |y - target| if beta is 0
///
/// Shapes    y, target [B, D] or [B] -> [B]; [T, B, D] -> [T, B]
/// Errors    ShapeError unless both shapes are equal; ValueError if beta is below 0
/// Source    Girshick 2015, arXiv:1504.08083
Var smooth_l1(At y, At target, double beta = 1);

/// Sum of -t log sigmoid(z) - (1 - t) log(1 - sigmoid(z)) over the last axis, in nats: one value per row.
///
/// Shapes    logits z, targets t in [0, 1]: [B, D] or [B] -> [B]
/// Errors    ShapeError unless both shapes are equal
/// Numerics  t softplus(-z) + (1 - t) softplus(z): finite for any finite z, zero for an infinite z of the correct sign,
///           without cancellation
Var binary_cross_entropy(At logits, At target);

struct HingeOptions {
  double margin = 1;
  bool squared = false;  ///< square each term, which makes the loss differentiable where it becomes zero
};

/// Sum of max(0, margin - t y) over the last axis.
///
/// Shapes    scores y, signs t, each -1 or 1: [B, D] or [B] -> [B]; [T, B, D] -> [T, B]
/// Errors    ShapeError unless both shapes are equal; ValueError with the position of a target other than -1 and 1
/// Source    Cortes & Vapnik 1995, doi:10.1007/BF00994018
Var hinge(At scores, At signs, HingeOptions o = {});

/// Multiclass hinge loss: how far the target's score is from exceeding each other score by the margin, divided by V.
///
///     sum over k != target of max(0, margin - y[target] + y[k]) / V
///
/// Shapes    scores y [..., V], targets [...] -> [...]
/// Errors    ShapeError; ValueError naming a target outside [0, V)
/// Source    Weston & Watkins 1999; divided by V as in PyTorch's multi_margin_loss
Var multiclass_hinge(At scores, const Tokens& targets, HingeOptions o = {});

}  // namespace ebb
