#include <ebb/autograd/functions.hpp>
#include <ebb/nn/drop.hpp>

namespace ebb {

// The names of the draws determine the masks: changing them would change every mask.
Var StateDrop::state(const Var& h) const {
  const DropRates& r = at_->drop_rates();
  if (r.state == 0) return h;
  const StepContext mask = r.per_sequence ? at_->per_sequence() : *at_;
  return h * (mask.bernoulli("thinned state", h, 1 - r.state) * (1 / (1 - r.state)));
}

Var CandidateDrop::candidate(const Var& like) const {
  const double p = at_->drop_rates().candidate;
  if (p == 0) return constant(Array::full({1}, 1, like.dtype()));
  return at_->bernoulli("candidate", like, 1 - p) * (1 / (1 - p));
}

}  // namespace ebb
