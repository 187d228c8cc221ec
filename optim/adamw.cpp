#include <ebb/optim/adam_step.hpp>
#include <ebb/optim/adamw.hpp>
#include <ebb/optim/optimizer_list.hpp>

namespace ebb {

void AdamWOptions::declare(GivenOptions& given) {
  given("beta1", beta1, "decay rate of the running mean")("beta2", beta2, "decay rate of the running mean square")(
      "epsilon", epsilon, "added to the denominator")("decay", decay, "decoupled weight decay");
}

AdamW::AdamW(const LeafSet& set, AdamWOptions o)
    : Optimizer("adamw", set, o.lr, o.decay, 2), o_{o.lr, o.beta1, o.beta2, o.epsilon, o.decay} {
  check("beta1", o.beta1, 0, 1);
  check("beta2", o.beta2, 0, 1);
  check_not_negative("epsilon", o.epsilon);
}

template <class T> void AdamW::run(const Slice<T>& s) const {
  const detail::AdamStep<T> step(o_, s.lr, s.t);
  const T kept = static_cast<T>(1 - s.lr * s.decay);
  T *const m = s.memory[0], *const v = s.memory[1];
  for (std::int64_t i = 0; i < s.size; ++i) s.w[i] = kept * s.w[i] - step(s.g[i], m[i], v[i]);
}

void AdamW::update(const Slice<float>& s) { run(s); }
void AdamW::update(const Slice<double>& s) { run(s); }

EBB_OPTIMIZER(adamw, AdamW, "Adam with decoupled weight decay, Loshchilov & Hutter 2019");

}  // namespace ebb
