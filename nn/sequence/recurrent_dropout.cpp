#include <fmt/format.h>
#include <ebb/nn/sequence/recurrent_dropout.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

RecurrentDropout::RecurrentDropout(CellPtr inner, double p) : CellWrapper(static_cast<CellPtr&&>(inner)), p_(p) {
  if (!(p >= 0 && p < 1))
    throw ValueError(
        fmt::format("recurrent dropout: the probability must be at least 0 and less than 1, but is {}", p));
  if (!drops().candidate)
    throw ValueError(fmt::format(
        "recurrent dropout: cell {} does not support dropout of its candidate. Add an overload `State step(const Var& "
        "x, const State& s, const Drop& d) const` with the same equations, g * d.candidate(g) for the candidate g and "
        "d.state(s.h) in the recurrent products; or with CandidateDrop, if only the candidate can be dropped",
        name()));
}

State RecurrentDropout::step(const Var& x, const State& s, const StepContext& at) const {
  DropRates rates = at.drop_rates();
  rates.candidate = p_;
  return inner().step(x, s, at.dropping(rates));
}

}  // namespace ebb
