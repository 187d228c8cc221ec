#include <algorithm>
#include <cmath>
#include <ebb/optim/amsgrad.hpp>
#include <ebb/optim/moments.hpp>
#include <ebb/optim/optimizer_list.hpp>

namespace ebb {

void AmsGradOptions::declare(GivenOptions& given) {
  given("beta1", beta1, "decay rate of the running mean")("beta2", beta2, "decay rate of the running mean square")(
      "epsilon", epsilon, "added to the denominator")("decay", decay, "weight decay, added to the gradient");
}

AmsGrad::AmsGrad(const LeafSet& set, AmsGradOptions o) : Optimizer("amsgrad", set, o.lr, o.decay, 3), o_(o) {
  check("beta1", o.beta1, 0, 1);
  check("beta2", o.beta2, 0, 1);
  check_not_negative("epsilon", o.epsilon);
}

template <class T> void AmsGrad::run(const Slice<T>& s) const {
  const double t = static_cast<double>(s.t);
  const T rate = static_cast<T>(s.lr / (1 - std::pow(o_.beta1, t)));
  const T root = static_cast<T>(std::sqrt(1 - std::pow(o_.beta2, t)));
  const detail::Moments<T> moments(o_.beta1, o_.beta2);
  const T decay = static_cast<T>(s.decay), epsilon = static_cast<T>(o_.epsilon);
  T *const m = s.memory[0], *const v = s.memory[1], *const most = s.memory[2];
  for (std::int64_t i = 0; i < s.size; ++i) {
    const T g = s.g[i] + decay * s.w[i];
    moments.update(g, m[i], v[i]);
    most[i] = std::max(most[i], v[i]);
    s.w[i] -= rate * m[i] / (std::sqrt(most[i]) / root + epsilon);
  }
}

void AmsGrad::update(const Slice<float>& s) { run(s); }
void AmsGrad::update(const Slice<double>& s) { run(s); }

EBB_OPTIMIZER(amsgrad, AmsGrad, "Adam with a non-decreasing second moment, Reddi 2018");

}  // namespace ebb
