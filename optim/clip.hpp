#pragma once
#include <ebb/autograd/grads.hpp>

namespace ebb {

/// Scales all gradients together so that their Euclidean norm is at most `largest`, and returns the norm they had.
///
///     if |g| > largest: g = g largest / |g|
///
/// Errors    ValueError if `largest` is not above zero
/// Numerics  a norm that is not finite is returned, and the gradients are left as they are: see std::isfinite of it before
///           a step is taken
/// Source    Pascanu et al. 2013, arXiv:1211.5063
double clip_by_norm(Grads& g, double largest);

/// Moves every gradient into [-largest, largest], and returns how many were outside. NaN is left as it is and counts.
///
/// Errors    ValueError if `largest` is not above zero
/// Source    Mikolov 2012
std::int64_t clip_by_value(Grads& g, double largest);

}  // namespace ebb
