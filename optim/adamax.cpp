#include <algorithm>
#include <cmath>
#include <ebb/optim/adamax.hpp>
#include <ebb/optim/optimizer_list.hpp>

namespace ebb {

void AdamaxOptions::declare(GivenOptions& given) {
  given("beta1", beta1, "decay rate of the running mean")("beta2", beta2, "decay rate of the largest gradient")(
      "epsilon", epsilon, "added to the gradient's magnitude")("decay", decay, "weight decay, added to the gradient");
}

Adamax::Adamax(const LeafSet& set, AdamaxOptions o) : Optimizer("adamax", set, o.lr, o.decay, 2), o_(o) {
  check("beta1", o.beta1, 0, 1);
  check("beta2", o.beta2, 0, 1);
  check_not_negative("epsilon", o.epsilon);
}

template <class T> void Adamax::run(const Slice<T>& s) const {
  const T rate = static_cast<T>(s.lr / (1 - std::pow(o_.beta1, static_cast<double>(s.t))));
  const T beta1 = static_cast<T>(o_.beta1), fresh = static_cast<T>(1 - o_.beta1), beta2 = static_cast<T>(o_.beta2);
  const T decay = static_cast<T>(s.decay), epsilon = static_cast<T>(o_.epsilon);
  T *const means = s.memory[0], *const peaks = s.memory[1];
  for (std::int64_t i = 0; i < s.size; ++i) {
    const T g = s.g[i] + decay * s.w[i];
    T &mean = means[i], &largest = peaks[i];
    mean = beta1 * mean + fresh * g;
    largest = std::max(beta2 * largest, std::abs(g) + epsilon);
    s.w[i] -= rate * mean / largest;
  }
}

void Adamax::update(const Slice<float>& s) { run(s); }
void Adamax::update(const Slice<double>& s) { run(s); }

EBB_OPTIMIZER(adamax, Adamax, "Adam with the largest recent gradient as the scale, Kingma & Ba 2015");

}  // namespace ebb
