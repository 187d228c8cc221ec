#pragma once
#include <ebb/nn/cell_list.hpp>

namespace ebb {

/// A cell in which each value of the state randomly keeps its previous value.
///
///     training    s' = m * s + (1 - m) * step(x, s),   m one with probability p, new at each step
///     evaluation  s' = p s + (1 - p) step(x, s)
///
/// Errors    ValueError if p is outside [0, 1]
/// Source    Krueger et al. 2017, arXiv:1606.01305
class Zoneout final : public CellWrapper {
 public:
  Zoneout(CellPtr inner, double p);
  State step(const Var& x, const State& s, const StepContext& at) const override;

 private:
  double p_;
};

}  // namespace ebb
