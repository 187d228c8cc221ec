#pragma once
#include <climits>
#include <ebb/autograd/shards.hpp>

namespace ebb {

struct ClassLossOptions {
  double smoothing = 0;  ///< share of the target's probability that is spread evenly over all V classes
  Array weights = {};    ///< [V], one for each class; none: all one
  int ignored =
      INT_MIN;  ///< a target that is none: its loss and its gradient are zero; unless given, there is none such
};

/// Cross entropy with smoothed targets, weighted classes, and targets to be ignored: one number per row or token, in
/// nats.
///
///     l = log softmax(logits);   (1 - smoothing) (-w[target] l[target]) + smoothing / V sum over k of (-w[k] l[k])
///
/// Weights are in the numbers already. A mean of them by mean_rows or mean_tokens so divides by how many they are; the
/// mean that divides by the weights of the targets, as PyTorch's does, is `weighted_mean`.
///
/// Shapes    logits [..., V], targets [...] -> [...]
/// Numerics  what is left out, ignored or of weight zero, hands back a gradient of zero whatever its logits are:
///           infinite or NaN
/// Errors    ShapeError; ValueError if smoothing is outside [0, 1], a weight is negative or no number, or a target is
///           outside [0, V) and not the ignored one
/// Source    Szegedy et al. 2016, arXiv:1512.00567 (smoothing); weights and smoothing together as in PyTorch
Var cross_entropy(At logits, const Tokens& targets, const ClassLossOptions& o);

/// The same from log-probabilities, whatever made them: -log p[target].
///
/// Shapes    log_probabilities [..., V], targets [...] -> [...]
/// Errors    as cross_entropy
Var negative_log_likelihood(At log_probabilities, const Tokens& targets, const ClassLossOptions& o = {});

/// The targets with `ignored` in the place of those that stand in the padding.
///
/// Shapes    targets [T, B], lengths [B]
/// Errors    ShapeError; ValueError if a length is outside [0, T]
Tokens ignore_padding(const Tokens& targets, const Lengths& lengths, int ignored);

/// The share of a shard in the mean of a loss with weights and ignored targets over the whole batch:
///
///     sum of v / sum over the targets of the whole batch of w[target], the ignored ones left out
///
/// Shapes    v [rows] and the batch's targets [B], or v [T, rows] and targets [T, B]; o as v was made with
/// Errors    ShapeError; ValueError if there is nothing to average: every target is ignored, or has weight zero
PartialLoss weighted_mean(const Shard& s, const Var& v, const Tokens& targets, const ClassLossOptions& o);

/// v where the mask is not zero, and zero elsewhere, whatever stands there: infinite or NaN.
///
/// Shapes    v, mask of one shape
/// Errors    ShapeError
/// Numerics  what is left out hands back a gradient of zero; a v made of a NaN makes NaN of that again (0 NaN), so that
///           a NaN among the inputs is to be masked there
Var masked(At v, const Array& mask);

/// The share of a shard in the mean of the numbers that the whole batch's mask leaves in.
///
/// Shapes    v [rows] and mask [B], or v [T, rows] and mask [T, B]
/// Errors    ShapeError; ValueError if the mask leaves nothing in anywhere; one shard may well have nothing
PartialLoss masked_mean(const Shard& s, const Var& v, const Array& mask);

}  // namespace ebb
