#pragma once
#include <ebb/ops/array.hpp>

/// Reductions. The order of summation depends on the shape only, so a row's result depends neither on its position in
/// the batch nor on the number of threads. Long sums are pairwise over blocks, so their rounding error grows with the
/// logarithm of the length; a single chain of f32 additions would stop growing at 2^24.
namespace ebb {

Array sum(const Array&, Axes = {}, Keep = Keep::no);
Array mean(const Array&, Axes = {}, Keep = Keep::no);
Array amax(const Array&, Axes = {}, Keep = Keep::no);  ///< maximum; NaN if any element is
/// sqrt(sum of squares) over the axes. Numerics: scaled by a power of two near the largest magnitude, so that no square
/// overflows or underflows: in float32 the norm of [3e-30, 4e-30] is 5e-30.
Array norm(const Array&, Axes = {}, Keep = Keep::no);
Tokens argmax(const Array&, int axis = -1);  ///< the first of equal values
Array cumsum(const Array&, int axis = -1, bool from_end = false);
Array logsumexp(const Array&, int axis = -1, Keep = Keep::no);  ///< largest element subtracted first
Array softmax(const Array&, int axis = -1);
Array log_softmax(const Array&, int axis = -1);

/// -log softmax(logits)[target] over the last axis: logits [..., V], targets [...], result [...], in nats.
/// Errors: ShapeError; ValueError naming a target outside [0, V) and its position.
Array cross_entropy(const Array& logits, const Tokens& targets);
/// Adjoint of the logits: g[..., None] * (softmax(logits) - one_hot(targets)); zero where g is, even for NaN logits.
Array cross_entropy_vjp(const Array& g, const Array& logits, const Tokens& targets);

/// Sums over broadcast axes so that the result has `shape`; the adjoint of broadcasting.
Array sum_to(const Array&, const Shape& shape);
Array broadcast_to(const Array&, const Shape& shape);

/// Global norm over all elements of all parts, in float64; infinite only if an element is or the norm itself overflows.
double norm_of(const Array* parts, std::size_t count);
inline double norm_of(const Array& x) { return norm_of(&x, 1); }

double sum_of_squares(const Array&);  ///< in float64, in a fixed order; may overflow, unlike norm_of
double largest_magnitude(const Array&);

}  // namespace ebb
