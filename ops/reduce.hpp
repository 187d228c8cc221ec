#pragma once
#include <ebb/ops/array.hpp>

/// Reductions. Each sums in an order that depends on the shape alone, so that a row's result is the same wherever
/// it stands in a batch and whatever the number of threads.
namespace ebb {

Array sum(const Array&, Axes = {}, Keep = Keep::no);
Array mean(const Array&, Axes = {}, Keep = Keep::no);
Array amax(const Array&, Axes = {}, Keep = Keep::no);     ///< the largest; NaN if any element is
/// sqrt(sum of squares) over the axes. Numerics: scaled by a power of two near the largest magnitude, so that no square overflows
/// or is lost: 5e-30 of [3e-30, 4e-30] in float32.
Array norm(const Array&, Axes = {}, Keep = Keep::no);
Tokens argmax(const Array&, int axis = -1);               ///< first of equal ones
Array cumsum(const Array&, int axis = -1, bool from_end = false);
Array logsumexp(const Array&, int axis = -1, Keep = Keep::no);  ///< largest element subtracted first
Array softmax(const Array&, int axis = -1);
Array log_softmax(const Array&, int axis = -1);

/// -log softmax(logits)[target] over the last axis: logits [..., V], targets [...], result [...], in nats.
/// Errors: ShapeError; ValueError naming a target outside [0, V) and its position.
Array cross_entropy(const Array& logits, const Tokens& targets);
/// Adjoint of the logits: g[..., None] * (softmax(logits) - one_hot(targets)).
Array cross_entropy_vjp(const Array& g, const Array& logits, const Tokens& targets);

/// Sums broadcast axes away so that the result has `shape`; the adjoint of broadcasting.
Array sum_to(const Array&, const Shape& shape);
Array broadcast_to(const Array&, const Shape& shape);

double sum_of_squares(const Array&);                      ///< accumulated in double, fixed order
double largest_magnitude(const Array&);

}  // namespace ebb
