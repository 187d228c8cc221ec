#pragma once
#include <ebb/nn/cell_list.hpp>

namespace ebb {

/// A gated cell whose candidate, what it is about to add to its state, is dropped out at each step of training; what it
/// remembers already is left alone.
///
///     LSTM: c' = f * c + i * d(g);   GRU: h' = (1 - z) * d(n) + z * h;   d zero with probability p, else divided by 1 - p
///
/// All shipped LSTMs and GRUs but `slstm` can do it: they have one more overload of step, in which the candidate is `g
/// * d.candidate(g)` (drop.hpp).
///
/// Errors    ValueError if p is outside [0, 1), or if the cell has no such step
/// Source    Semeniuta et al. 2016, arXiv:1603.05118
class RecurrentDropout final : public CellWrapper {
 public:
  RecurrentDropout(CellPtr inner, double p);
  State step(const Var& x, const State& s, const StepContext& at) const override;

 private:
  double p_;
};

}  // namespace ebb
