#pragma once
#include <ebb/nn/cell_list.hpp>

namespace ebb {

/// A gated cell whose candidate, what it is about to add to its state, is dropped out at each step of training; what it remembers
/// already is left alone.
///
///     LSTM: c' = f * c + i * d(g);   GRU: h' = (1 - z) * d(n) + z * h;   d zero with probability p, else divided by 1 - p
///
/// The shipped LSTMs and GRUs do it; a cell of one's own joins them by `if (at.drops_candidate()) g = g * at.candidate_mask(g);`.
///
/// Errors    ValueError if p is outside [0, 1), and, when it runs, if the cell never asks
/// Source    Semeniuta et al. 2016, arXiv:1603.05118
class RecurrentDropout final : public CellWrapper {
 public:
  RecurrentDropout(CellPtr inner, double p);
  State step(const Var& x, const State& s, const Pass& at) const override;

 private:
  double p_;
};

}  // namespace ebb
