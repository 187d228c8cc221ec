#pragma once
#include <ebb/experiments/train/model.hpp>
#include <map>

namespace ebb::app {

/// ln of the norm of dL_T/ds_t by lag T - t and row, for one field s of a cell's state (h, c, ...).
using LagNorms =
    std::vector<std::vector<double>>;  ///< [lag][row], lags 0, 1, ...; -inf for a norm of zero, NaN if not finite
using GradientNorms = std::map<std::string, LagNorms>;  ///< by the field's name

/// Gradients of the loss at the last step only, by row, on windows of a split, from the initial state: with
/// respect to the state that enters the next step (at lag 0, the loss), each field an independent coordinate.
///
/// Numerics  float64 throughout, because such values underflow in float32
GradientNorms gradient_norms(const Model&, const Task&, int lags, int rows, Split split = Split::test);

/// The norm over the whole state, all fields together. Verdicts use it, because the division of a state into fields,
/// and their order, are choices of notation. A field without influence adds nothing. It is scaled, so no norm is
/// squared.
LagNorms whole_state(const GradientNorms&);

/// Adds the rows of one run to those of others: `all` then spans rows and seeds.
void append_rows(LagNorms& all, const LagNorms& more);

/// The decay of a gradient: mean and spread of ln norm over rows (and seeds) at each lag, and the line fitted to them.
struct Decay {
  std::vector<double> mean, spread;  ///< by lag; spread is the standard deviation. mean is -inf where most norms
                                     ///< are below 1e-300, NaN where most are not finite
  double per_step = 0;         ///< slope of mean against lag, nats per step; below zero if it vanishes. NaN if unknown
  double half_life() const;    ///< ln 2 / -per_step, in steps; NaN where the gradient grows
  double norm(int lag) const;  ///< exp(mean); NaN if the lag was not measured, or is not finite
};

constexpr double smallest_norm = 1e-300;  ///< below this, float64 loses precision and then underflows

/// Least squares over lags [first, last], using only norms above 1e-300.
Decay decay_of(const LagNorms&, int first = 10, int last = 100);

}  // namespace ebb::app
