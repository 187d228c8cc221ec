#pragma once
#include <ebb/ops/array.hpp>

/// Reductions. Each sums in an order that depends on the shape alone, so that a row's result is the same wherever it
/// stands in a batch and whatever the number of threads. Long sums are made of sums of blocks, joined pairwise, so that
/// their rounding error grows with the logarithm of the length: one chain of f32 additions would stop to grow at 2^24.
namespace ebb {

Array sum(const Array&, Axes = {}, Keep = Keep::no);
Array mean(const Array&, Axes = {}, Keep = Keep::no);
Array amax(const Array&, Axes = {}, Keep = Keep::no);  ///< the largest; NaN if any element is
/// sqrt(sum of squares) over the axes. Numerics: scaled by a power of two near the largest magnitude, so that no square
/// overflows or is lost: 5e-30 of [3e-30, 4e-30] in float32.
Array norm(const Array&, Axes = {}, Keep = Keep::no);
Tokens argmax(const Array&, int axis = -1);  ///< first of equal ones
Array cumsum(const Array&, int axis = -1, bool from_end = false);
Array logsumexp(const Array&, int axis = -1, Keep = Keep::no);  ///< largest element subtracted first
Array softmax(const Array&, int axis = -1);
Array log_softmax(const Array&, int axis = -1);

/// -log softmax(logits)[target] over the last axis: logits [..., V], targets [...], result [...], in nats.
/// Errors: ShapeError; ValueError naming a target outside [0, V) and its position.
Array cross_entropy(const Array& logits, const Tokens& targets);
/// Adjoint of the logits: g[..., None] * (softmax(logits) - one_hot(targets)); zero where g is, whatever the logits
/// are.
Array cross_entropy_vjp(const Array& g, const Array& logits, const Tokens& targets);

/// Sums broadcast axes away so that the result has `shape`; the adjoint of broadcasting.
Array sum_to(const Array&, const Shape& shape);
Array broadcast_to(const Array&, const Shape& shape);

/// sqrt of the sum of the squares of all elements of all parts, in double; infinite only if an element is, or the norm
/// does not fit.
double norm_of(const Array* parts, std::size_t count);
inline double norm_of(const Array& x) { return norm_of(&x, 1); }

double sum_of_squares(const Array&);  ///< accumulated in double, fixed order; of f64 it may overflow: see norm_of
double largest_magnitude(const Array&);

}  // namespace ebb
