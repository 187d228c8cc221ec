#pragma once
#include <ebb/ops/array.hpp>

namespace ebb::detail {

/// The matrices of a linear memory of the last theta steps, for rows: m' = m A + u B.
struct LegendreDelay {
  Array A, B;  ///< [order, order], [1, order], float64
};

/// The system theta dm/dt = m a + u b, whose state holds the coefficients of Legendre polynomials over a window of
/// length theta, for u constant during each step:
///
///     a_ji = (2 i + 1) (-1 if i < j, else (-1)^(i - j + 1)),  b_i = (2 i + 1) (-1)^i
///     [A 0; B 1] = exp([a 0; b 0] / theta)
///
/// Errors    ValueError if order is less than 1 or theta less than 1
/// Numerics  scaling and squaring: halved until the largest sum of a column's magnitudes is at most a half, then the
///           Taylor polynomial of degree 18
/// Source    Voelker et al. 2019 (NeurIPS), equations 1 and 2
LegendreDelay legendre_delay(int order, double theta);

}  // namespace ebb::detail
