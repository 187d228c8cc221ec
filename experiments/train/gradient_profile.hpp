#pragma once
#include <ebb/experiments/train/model.hpp>
#include <map>

namespace ebb::app {

/// ln of the norm of dL_T/ds_t by lag T - t and row, for one field s of a cell's state (h, c, ...).
using LagNorms =
    std::vector<std::vector<double>>;  ///< [lag][row], lags 0, 1, ...; -inf for a norm of zero, NaN if not finite
using GradientNorms = std::map<std::string, LagNorms>;  ///< by the field's name

/// Gradients of the loss at the last step alone, row by row, on windows of the test split, from an empty state: with
/// respect to the state that enters the next step (at lag 0, the loss), each field an independent coordinate.
///
/// Numerics  float64 throughout: float32 flushes such numbers to zero
GradientNorms gradient_norms(const Model&, const Task&, int lags, int rows);

/// The norm over the whole state, all fields together: what a verdict is about, for how a state is cut into fields, and
/// which of them comes first, is a matter of spelling. A field without influence adds nothing. Scaled: no norm is
/// squared.
LagNorms whole_state(const GradientNorms&);

/// Adds the rows of one run to those of others: `all` then spans rows and seeds.
void append_rows(LagNorms& all, const LagNorms& more);

/// How a gradient ebbs away: mean and spread of ln norm over rows (and seeds) at each lag, and the line through them.
struct Decay {
  std::vector<double> mean, spread;  ///< by lag; spread is the standard deviation. mean is -inf where most norms
                                     ///< are below 1e-300, NaN where most are not finite
  double per_step = 0;         ///< slope of mean against lag, nats a step; below zero where it vanishes. NaN if unknown
  double half_life() const;    ///< ln 2 / -per_step, in steps; NaN where the gradient grows
  double norm(int lag) const;  ///< exp(mean); NaN if the lag was not measured, or is no number
};

constexpr double smallest_norm = 1e-300;  ///< below, float64 loses digits and then everything

/// Least squares over lags [first, last], norms above 1e-300 only.
Decay decay_of(const LagNorms&, int first = 10, int last = 100);

}  // namespace ebb::app
