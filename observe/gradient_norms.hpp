#pragma once
#include <ebb/observe/lyapunov.hpp>
#include <ebb/observe/trajectory.hpp>
#include <functional>
#include <vector>

namespace ebb {

/// The loss of one step: y [B, H] is the cell's output of step t; the result has one loss per row, [B], or is their
/// sum. Rows must not affect each other's losses.
using StepLoss = std::function<Var(const Var& y, int t)>;

struct GradientOptions {
  int lags = -1;  ///< gradient_norms: the largest lag; -1: back to the initial state
  int every = 0;  ///< gradient_map: steps between points of the map; 0: at most 64 points
  StepContext at = {};
};

/// ln of the norm of dL_T/ds against the lag, where L_T is the loss of the last step and s the whole state, the S
/// numbers of all fields, as it enters the next step.
///
///     g_0 = dL_T / ds_T,   g_{l+1} = J^T g_l;   norms[l, b] = ln |g_l|, of the state l steps before the last
///
/// The definition of `ebb vanish` (decision 0019): fields are independent coordinates, and g_0 is the gradient of the
/// loss with respect to the state after the last step, through the output alone.
///
///     Array norms = gradient_norms(*cell, x, [&](const Var& y, int) { return squared_error(out(y), target); });
///
/// Shapes    start [B, S], or empty for the cell's own; result [lags + 1, B]
/// Errors    ValueError if an option is out of range, or a gradient is infinite or NaN; as Trajectory
/// Numerics  float64, and rescaled at each step, so no gradient underflows or overflows however long the sequence;
///           -inf for a gradient that is exactly zero
/// Cost      T steps without recording, and `lags` steps with reverse pass. Memory: the states of the last `lags`
///           steps, 8 S B bytes each
Array gradient_norms(const Cell&, const Drive&, const StepLoss&, const Array& start = Array(),
                     const GradientOptions& = {});

/// A heat map over pairs of states. States are numbered by the steps taken: 0 is the initial state, T the last.
struct GradientMap {
  std::vector<int> times;  ///< n, in ascending order
  Array log_norms;         ///< [n, n, B]: [i, k] is of times[i] and the earlier times[k]; NaN for k > i
};

/// ln ||dL_t' / ds_t|| for pairs of times: which past states the loss of each step still depends on. L_t' is the loss
/// of the step that leads to state t', so t' >= 1.
///
/// Shapes    start [B, S], or empty for the cell's own
/// Errors    as gradient_norms
/// Numerics  as gradient_norms; each of the n gradients has a scale of its own
/// Cost      T steps, and for each pair of a loss and an earlier step one step with reverse pass: T n / 2 for n points.
///           Memory: all states, 8 S B (T + 1) bytes, and n gradients of the same size as one state
GradientMap gradient_map(const Cell&, const Drive&, const StepLoss&, const Array& start = Array(),
                         const GradientOptions& = {});

/// The rate at which norms change with the lag, in nats per step, below 0 if they vanish, with its standard error.
///
///     the slope of log_norms[l, b] against l by least squares, for each row; mean over rows
///
/// The error is that of the mean over rows. With one row it is that of the line's residuals, which is too small if they
/// are correlated. Lags at which a norm is not finite are left out; NaN with fewer than three lags. exp(rate) is the
/// factor per step, ln 2 / -rate the half-life.
///
/// Shapes    log_norms [lags + 1, B]
/// Errors    ShapeError; ValueError unless 0 <= first < last <= lags; -1: the largest lag
Estimate decay_rate(const Array& log_norms, int first = 0, int last = -1);

namespace detail {
/// Divides each vector, [..., S], by its norm, and adds the logarithm to its scale: after it, scale is ln of the norm.
/// A vector of zeros stays, with -inf. Errors: ValueError naming `what` if an element is not finite.
void take_norms(Array& vectors, double* scales, const char* what);
/// last, last - every, ... down to first, in ascending order; if every is 0, at most `most` of them.
std::vector<int> map_points(int first, int last, int every, int most, const char* who);
}  // namespace detail

}  // namespace ebb
