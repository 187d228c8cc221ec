#include <cmath>
#include <ebb/optim/moments.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <ebb/optim/radam.hpp>

namespace ebb {

void RAdamOptions::declare(GivenOptions& given) {
  given("beta1", beta1, "decay rate of the running mean")("beta2", beta2, "decay rate of the running mean square")(
      "epsilon", epsilon, "added to the denominator")("decay", decay, "weight decay, added to the gradient");
}

RAdam::RAdam(const LeafSet& set, RAdamOptions o) : Optimizer("radam", set, o.lr, o.decay, 2), o_(o) {
  check("beta1", o.beta1, 0, 1);
  check("beta2", o.beta2, 0, 1);
  check_not_negative("epsilon", o.epsilon);
}

template <class T> void RAdam::run(const Slice<T>& s) const {
  const double t = static_cast<double>(s.t), power = std::pow(o_.beta2, t);
  const double rho = 2 / (1 - o_.beta2) - 1, rho_t = rho - 2 * t * power / (1 - power);
  const double r = rho_t > 5 ? std::sqrt((rho_t - 4) * (rho_t - 2) * rho / ((rho - 4) * (rho - 2) * rho_t)) : 0;
  const double plain = s.lr / (1 - std::pow(o_.beta1, t));
  const bool adapts = rho_t > 5;
  const T rate = static_cast<T>(adapts ? plain * r * std::sqrt(1 - power) : plain);
  const detail::Moments<T> moments(o_.beta1, o_.beta2);
  const T decay = static_cast<T>(s.decay), epsilon = static_cast<T>(o_.epsilon);
  T *const m = s.memory[0], *const v = s.memory[1];
  for (std::int64_t i = 0; i < s.size; ++i) {
    const T g = s.g[i] + decay * s.w[i];
    moments.update(g, m[i], v[i]);
    s.w[i] -= rate * m[i] / (adapts ? std::sqrt(v[i]) + epsilon : T(1));
  }
}

void RAdam::update(const Slice<float>& s) { run(s); }
void RAdam::update(const Slice<double>& s) { run(s); }

EBB_OPTIMIZER(radam, RAdam, "Adam with a rectified second moment, Liu 2020");

}  // namespace ebb
