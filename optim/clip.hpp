#pragma once
#include <ebb/autograd/grads.hpp>

namespace ebb {

/// Scales all gradients so that their global Euclidean norm is at most `largest`; returns the norm before scaling.
///
///     if |g| > largest: g = g largest / |g|
///
/// Errors    ValueError if `largest` is not above zero
/// Numerics  if the norm is not finite, it is returned and the gradients are unchanged: check std::isfinite before
///           taking a step
/// Source    Pascanu et al. 2013, arXiv:1211.5063
double clip_by_norm(Grads& g, double largest);

/// The same for each parameter separately; returns how many were above the bound. A norm that is not finite counts, and
/// the gradient is unchanged.
///
///     if |g_p| > largest: g_p = g_p largest / |g_p|     for each parameter p
///
/// Errors    ValueError if `largest` is not above zero
int clip_each_by_norm(Grads& g, double largest);

/// Adaptive gradient clipping: bounds each unit's gradient by a fraction of the norm of its incoming weights; returns
/// how many units were above the bound.
///
///     |g_u| <= share max(|w_u|, epsilon)     for each column u of a matrix, or a vector as a whole
///
/// Options   share=0.01; epsilon=1e-3 allows weights initialised with zero to grow
/// Errors    ValueError if share or epsilon is not above zero
/// Numerics  a unit whose norm is not finite counts, and is unchanged
/// Source    Brock et al. 2021, arXiv:2102.06171, equation 3
/// Differs   a unit's weights are a column of W [in, out]; in the paper they are a row
std::int64_t clip_adaptive(Grads& g, double share = .01, double epsilon = 1e-3);

/// Clamps every value to [-largest, largest]; returns how many were outside. NaN counts, and is unchanged.
///
/// Errors    ValueError if `largest` is not above zero
/// Source    Mikolov 2012
std::int64_t clip_by_value(Grads& g, double largest);

}  // namespace ebb
