#pragma once
#include <ebb/nn/sequence/unrolled_run.hpp>

namespace ebb {

/// The two published forms of the regulariser, and what may be chosen otherwise.
struct OmegaOptions {
  bool squared = false;   ///< ratio of squared norms
  bool averaged = false;  ///< mean over steps and rows, else the sum over steps and rows
  /// Only the explicit use of the weights in J_t is differentiated; s, dE/ds and the values in J_t are constants.
  bool immediate = false;
  double bound = 1e-20;  ///< steps and rows whose |dE/ds_{t+1}|^2 is below it are left out

  static OmegaOptions paper() { return {}; }
  static OmegaOptions code() { return {.squared = true, .averaged = true, .immediate = true}; }
};

/// The regulariser Omega against vanishing gradients: dE/ds should keep its norm from step to step.
///
///     paper   Omega = sum over t, b of (|d_{t+1} J_{t+1}| / |d_{t+1}| - 1)^2,   d_t = dE/ds_t,  J_{t+1} = ds_{t+1}/ds_t
///     code    Omega = mean over t, b of (|d_{t+1} J_{t+1}|^2 / |d_{t+1}|^2 - 1)^2
///
/// s is the whole state, all fields together, and the step from the initial state counts. An averaged form divides by
/// the number of elements that were not left out in these rows: pass the whole batch, one shard. A sum is to be divided
/// by the number of rows of the batch.
///
/// With `immediate`, the gradient of the result is that of J's explicit use of the weights, which for a simple
/// recurrence h' = tanh(a), J = U^T diag(1 - h'^2) is U alone: eq. 10 of the paper, and the authors' code.
///
/// Shapes    result: one element
/// Errors    TapeError if the tape is not of order 2, or an op of the cell has a first-order gradient only; ShapeError
///           if the loss has more than one element
/// Numerics  norms neither overflow nor underflow; an element left out contributes neither value nor gradient
/// Cost      one backward sweep over the run, then one recorded reverse pass per step; immediate: one more step each,
///           but no second-order graph through time
/// Source    Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063, eqs. 9 and 10; the authors' code, pascanur/trainingRNNs,
///           RNN.py: norms of W_hh^T diag(1 - h^2) dE/dh per element of the batch, squared, bound 1e-20
/// Differs   from the paper in the bound, since 0/0 is undefined; from both in that s may have several fields
Var omega(const UnrolledRun&, const OmegaOptions& = {});

}  // namespace ebb
