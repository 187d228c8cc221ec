#include <fmt/format.h>
#include <ebb/nn/sequence/zoneout.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

Zoneout::Zoneout(CellPtr inner, double p) : CellWrapper(static_cast<CellPtr&&>(inner)), p_(p) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(fmt::format("zoneout: the probability must be between 0 and 1, but is {}", p));
}

State Zoneout::step(const Var& x, const State& s, const StepContext& at) const {
  State n = inner().step(x, s, at);
  const StepContext own = at.named("zoneout");
  for (int k = 0; k < n.size(); ++k)
    n[k] = at.training() ? where(own.bernoulli(n.name(k), n[k], p_), s[k], n[k]) : p_ * s[k] + (1 - p_) * n[k];
  return n;
}

}  // namespace ebb
