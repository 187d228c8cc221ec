#include <ebb/autograd/functions.hpp>
#include <ebb/nn/drop.hpp>

namespace ebb {

// The names of the draws determine the masks: changing them would change every mask.
Var StateDrop::state(At h) const {
  const CallSite here{h.where};
  const DropRates& r = at_->drop_rates();
  if (r.state == 0) return h.var;
  const StepContext mask = r.per_sequence ? at_->per_sequence() : *at_;
  return h.var * (mask.bernoulli("thinned state", h.var, 1 - r.state) * (1 / (1 - r.state)));
}

Var CandidateDrop::candidate(At like) const {
  const CallSite here{like.where};
  const double p = at_->drop_rates().candidate;
  if (p == 0) return constant(Array::full({1}, 1, like.var.dtype()));
  return at_->bernoulli("candidate", like.var, 1 - p) * (1 / (1 - p));
}

}  // namespace ebb
