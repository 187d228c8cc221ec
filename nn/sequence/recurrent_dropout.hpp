#pragma once
#include <ebb/nn/cell_list.hpp>

namespace ebb {

/// A gated cell with dropout, in training, on the candidate that each step adds to its state. Values already in the
/// state are not dropped.
///
///     LSTM: c' = f * c + i * d(g);   GRU: h' = (1 - z) * d(n) + z * h;   d zero with probability p, else divided by 1 - p
///
/// All shipped LSTMs and GRUs except `slstm` support it: they have an additional overload of step, with the candidate
/// `g * d.candidate(g)` (drop.hpp).
///
/// Errors    ValueError if p is outside [0, 1), or the cell has no such overload
/// Source    Semeniuta et al. 2016, arXiv:1603.05118
class RecurrentDropout final : public CellWrapper {
 public:
  RecurrentDropout(CellPtr inner, double p);
  State step(const Var& x, const State& s, const StepContext& at) const override;

 private:
  double p_;
};

}  // namespace ebb
