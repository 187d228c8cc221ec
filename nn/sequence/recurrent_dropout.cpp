#include <ebb/nn/sequence/recurrent_dropout.hpp>
#include <ebb/ops/error.hpp>
#include <fmt/format.h>

namespace ebb {

RecurrentDropout::RecurrentDropout(CellPtr inner, double p) : CellWrapper(static_cast<CellPtr&&>(inner)), p_(p) {
  if (!(p >= 0 && p < 1))
    throw ValueError(fmt::format("recurrent dropout: the probability must be at least 0 and less than 1, but is {}", p));
}

State RecurrentDropout::step(const Var& x, const State& s, const Pass& at) const {
  int heard = 0;
  State next = inner().step(x, s, at.with_candidate_dropout(p_, heard));
  if (heard == 0)
    throw ValueError(fmt::format("recurrent dropout: cell {} has no candidate to drop, its step never asks at.drops_candidate()", name()));
  return next;
}

}  // namespace ebb
