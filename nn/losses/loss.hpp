#pragma once
#include <ebb/autograd/functions.hpp>

/// Losses that give one number a row or token, which Shard::mean_rows and mean_tokens average over the whole batch.
/// cross_entropy(logits, tokens) stands in autograd/functions.hpp; with smoothing, weights and ignored targets it
/// stands in nn/losses/class_loss.hpp, beside the mean that leaves such targets out; ctc in nn/losses/ctc.hpp.
namespace ebb {

/// (y - target)^2, its mean over the last axis: one number per row.
///
/// Shapes    y, target [B, D] or [B] -> [B]; [T, B, D] -> [T, B]
/// Errors    ShapeError unless both shapes are equal: nothing is broadcast
Var squared_error(At y, At target);

/// Quadratic near the target, linear far from it; the mean over the last axis.
///
///     r = |y - target|;   r^2 / 2  where r <= delta,   delta (r - delta / 2)  elsewhere
///
/// Shapes    y, target [B, D] or [B] -> [B]; [T, B, D] -> [T, B]
/// Errors    ShapeError unless both shapes are equal; ValueError unless delta is above 0
/// Source    Huber 1964, doi:10.1214/aoms/1177703732
Var huber(At y, At target, double delta = 1);

/// Huber's loss divided by its delta, here beta, so that its slope far from the target is one; beta = 0 is |y -
/// target|.
///
/// Shapes    y, target [B, D] or [B] -> [B]; [T, B, D] -> [T, B]
/// Errors    ShapeError unless both shapes are equal; ValueError if beta is below 0
/// Source    Girshick 2015, arXiv:1504.08083
Var smooth_l1(At y, At target, double beta = 1);

/// -t log sigmoid(z) - (1 - t) log(1 - sigmoid(z)), its sum over the last axis, in nats: one number per row.
///
/// Shapes    logits z, targets t in [0, 1]: [B, D] or [B] -> [B]
/// Errors    ShapeError unless both shapes are equal
/// Numerics  t softplus(-z) + (1 - t) softplus(z): finite for any finite z, zero for an infinite one on the right side;
///           no digit is lost to cancellation
Var binary_cross_entropy(At logits, At target);

struct HingeOptions {
  double margin = 1;
  bool squared = false;  ///< the square of each term, which is smooth where it becomes zero
};

/// max(0, margin - t y), its sum over the last axis.
///
/// Shapes    scores y, signs t, each -1 or 1: [B, D] or [B] -> [B]; [T, B, D] -> [T, B]
/// Errors    ShapeError unless both shapes are equal; ValueError if a target is neither -1 nor 1, with its place
/// Source    Cortes & Vapnik 1995, doi:10.1007/BF00994018
Var hinge(At scores, At signs, HingeOptions o = {});

/// How far the target's score falls short of standing above each of the others by the margin, as a mean over the
/// classes.
///
///     sum over k != target of max(0, margin - y[target] + y[k]), divided by V
///
/// Shapes    scores y [..., V], targets [...] -> [...]
/// Errors    ShapeError; ValueError naming a target outside [0, V)
/// Source    Weston & Watkins 1999; divided by V as PyTorch's multi_margin_loss is
Var multiclass_hinge(At scores, const Tokens& targets, HingeOptions o = {});

}  // namespace ebb
