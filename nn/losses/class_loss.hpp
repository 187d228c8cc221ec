#pragma once
#include <climits>
#include <ebb/autograd/shards.hpp>

namespace ebb {

struct ClassLossOptions {
  double smoothing = 0;   ///< fraction of the target's probability spread evenly over all V classes
  Array weights = {};     ///< [V], one per class; empty: all one
  int ignored = INT_MIN;  ///< a target value whose loss and gradient are zero; none by default
};

/// Cross entropy with label smoothing, class weights and ignored targets: one value per row or token, in nats.
///
///     l = log softmax(logits);   (1 - smoothing) (-w[target] l[target]) + smoothing / V sum over k of (-w[k] l[k])
///
/// The values include the weights. mean_rows and mean_tokens divide by their number; `weighted_mean` divides by the sum
/// of the targets' weights, as PyTorch does.
///
/// Shapes    logits [..., V], targets [...] -> [...]
/// Numerics  ignored targets and those of weight zero have a gradient of zero, even for infinite or NaN logits
/// Errors    ShapeError; ValueError if smoothing is outside [0, 1], a weight is negative or NaN, or a target is outside
///           [0, V) and not the ignored one
/// Source    Szegedy et al. 2016, arXiv:1512.00567 (smoothing); weights and smoothing together as in PyTorch
Var cross_entropy(At logits, const Tokens& targets, const ClassLossOptions& o);

/// The same from log-probabilities: -log p[target].
///
/// Shapes    log_probabilities [..., V], targets [...] -> [...]
/// Errors    as for cross_entropy
Var negative_log_likelihood(At log_probabilities, const Tokens& targets, const ClassLossOptions& o = {});

/// The targets with `ignored` in the padding.
///
/// Shapes    targets [T, B], lengths [B]
/// Errors    ShapeError; ValueError if a length is outside [0, T]
Tokens ignore_padding(const Tokens& targets, const Lengths& lengths, int ignored);

/// A shard's contribution to the mean of a loss with weights and ignored targets over the whole batch:
///
///     sum of v / sum of w[target] over the targets of the whole batch that are not ignored
///
/// Shapes    v [rows] and the batch's targets [B], or v [T, rows] and targets [T, B]; o as for v
/// Errors    ShapeError; ValueError if every target of the batch is ignored or has weight zero
PartialLoss weighted_mean(const Shard& s, const Var& v, const Tokens& targets, const ClassLossOptions& o);

/// v where the mask is not zero, else zero, even where v is infinite or NaN.
///
/// Shapes    v, mask of one shape
/// Errors    ShapeError
/// Numerics  masked entries receive a gradient of zero. If v was computed from a NaN, that computation gives 0 * NaN in
///           its gradient, so mask a NaN in the inputs where it enters
Var masked(At v, const Array& mask);

/// A shard's contribution to the mean over the entries that the mask selects in the whole batch.
///
/// Shapes    v [rows] and mask [B], or v [T, rows] and mask [T, B]
/// Errors    ShapeError; ValueError if the mask is zero everywhere; it may be zero within a shard
PartialLoss masked_mean(const Shard& s, const Var& v, const Array& mask);

}  // namespace ebb
