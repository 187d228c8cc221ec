#include <cmath>
#include <ebb/nn/archive.hpp>
#include <ebb/optim/moments.hpp>
#include <ebb/optim/nadam.hpp>
#include <ebb/optim/optimizer_list.hpp>

namespace ebb {

void NAdamOptions::declare(GivenOptions& given) {
  given("beta1", beta1, "decay rate of the running mean")("beta2", beta2, "decay rate of the running mean square")(
      "epsilon", epsilon, "added to the denominator")("decay", decay, "weight decay, added to the gradient")(
      "momentum_decay", momentum_decay, "rate at which the momentum rises to beta1");
}

NAdam::NAdam(const LeafSet& set, NAdamOptions o) : Optimizer("nadam", set, o.lr, o.decay, 2), o_(o) {
  check("beta1", o.beta1, 0, 1);
  check("beta2", o.beta2, 0, 1);
  check_not_negative("epsilon", o.epsilon);
  check_not_negative("momentum_decay", o.momentum_decay);
}

void NAdam::visit(Archive& a) {
  Optimizer::visit(a);
  a("product", product_)("multiplied", multiplied_);
}

template <class T> void NAdam::run(const Slice<T>& s) {
  const auto momentum = [&](std::int64_t t) {
    return o_.beta1 * (1 - .5 * std::pow(.96, static_cast<double>(t) * o_.momentum_decay));
  };
  for (; multiplied_ < updates(); ++multiplied_) product_ *= momentum(multiplied_ + 1);
  const std::int64_t t = s.t;
  double product = product_;
  if (t != multiplied_) {  // a parameter that was frozen has a different count
    product = 1;
    for (std::int64_t k = 1; k <= t; ++k) product *= momentum(k);
  }
  const double next = momentum(t + 1);
  const T of_g = static_cast<T>(s.lr * (1 - momentum(t)) / (1 - product)),
          of_m = static_cast<T>(s.lr * next / (1 - product * next));
  const T root = static_cast<T>(std::sqrt(1 - std::pow(o_.beta2, static_cast<double>(t))));
  const detail::Moments<T> moments(o_.beta1, o_.beta2);
  const T decay = static_cast<T>(s.decay), epsilon = static_cast<T>(o_.epsilon);
  T *const m = s.memory[0], *const v = s.memory[1];
  for (std::int64_t i = 0; i < s.size; ++i) {
    const T g = s.g[i] + decay * s.w[i];
    moments.update(g, m[i], v[i]);
    s.w[i] -= (of_g * g + of_m * m[i]) / (std::sqrt(v[i]) / root + epsilon);
  }
}

void NAdam::update(const Slice<float>& s) { run(s); }
void NAdam::update(const Slice<double>& s) { run(s); }

EBB_OPTIMIZER(nadam, NAdam, "Adam with Nesterov momentum, Dozat 2016");

}  // namespace ebb
