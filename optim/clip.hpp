#pragma once
#include <ebb/autograd/grads.hpp>

namespace ebb {

/// Scales all gradients together so that their Euclidean norm is at most `largest`, and returns the norm they had.
///
///     if |g| > largest: g = g largest / |g|
///
/// Errors    ValueError if `largest` is not above zero
/// Numerics  a norm that is not finite is returned, and the gradients are left as they are: see std::isfinite of it
///           before a step is taken
/// Source    Pascanu et al. 2013, arXiv:1211.5063
double clip_by_norm(Grads& g, double largest);

/// The same for each parameter by itself; returns how many had a larger norm. One whose norm is not finite counts, and
/// is left as it is.
///
///     if |g_p| > largest: g_p = g_p largest / |g_p|     of each parameter p
///
/// Errors    ValueError if `largest` is not above zero
int clip_each_by_norm(Grads& g, double largest);

/// Bounds each unit's gradient by a share of the weights that lead to the unit; returns how many units had more.
///
///     |g_u| <= share max(|w_u|, epsilon)     of each column u of a matrix, of a vector as a whole
///
/// Options   share=0.01; epsilon=1e-3 lets weights that start at zero grow
/// Errors    ValueError if share or epsilon is not above zero
/// Numerics  a unit whose norm is not finite counts, and is left as it is
/// Source    Brock et al. 2021, arXiv:2102.06171, equation 3
/// Differs   a unit's weights are a column of W [in, out], which is a row of the paper's W
std::int64_t clip_adaptive(Grads& g, double share = .01, double epsilon = 1e-3);

/// Moves every gradient into [-largest, largest], and returns how many were outside. NaN is left as it is and counts.
///
/// Errors    ValueError if `largest` is not above zero
/// Source    Mikolov 2012
std::int64_t clip_by_value(Grads& g, double largest);

}  // namespace ebb
