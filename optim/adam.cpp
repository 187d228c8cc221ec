#include <ebb/optim/adam.hpp>
#include <ebb/optim/adam_step.hpp>
#include <ebb/optim/optimizer_list.hpp>

namespace ebb {

void AdamOptions::declare(GivenOptions& given) {
  given("beta1", beta1, "decay rate of the running mean")("beta2", beta2, "decay rate of the running mean square")(
      "epsilon", epsilon, "added to the denominator")("decay", decay, "weight decay, added to the gradient");
}

Adam::Adam(const LeafSet& set, AdamOptions o) : Optimizer("adam", set, o.lr, o.decay, 2), o_(o) {
  check("beta1", o.beta1, 0, 1);
  check("beta2", o.beta2, 0, 1);
  check_not_negative("epsilon", o.epsilon);
}

template <class T> void Adam::run(const Slice<T>& s) const {
  const detail::AdamStep<T> step(o_, s.lr, s.t);
  const T decay = static_cast<T>(s.decay);
  T *const m = s.memory[0], *const v = s.memory[1];
  for (std::int64_t i = 0; i < s.size; ++i) s.w[i] -= step(s.g[i] + decay * s.w[i], m[i], v[i]);
}

void Adam::update(const Slice<float>& s) { run(s); }
void Adam::update(const Slice<double>& s) { run(s); }

EBB_OPTIMIZER(adam, Adam, "running means of the gradient and of its square, Kingma & Ba 2015");

}  // namespace ebb
