#include <ebb/optim/lion.hpp>
#include <ebb/optim/optimizer_list.hpp>

namespace ebb {

void LionOptions::declare(GivenOptions& given) {
  given("beta1", beta1, "weight of the running mean in a step")("beta2", beta2, "decay rate of the running mean")(
      "decay", decay, "decoupled weight decay");
}

Lion::Lion(const LeafSet& set, LionOptions o) : Optimizer("lion", set, o.lr, o.decay, 1), o_(o) {
  check("beta1", o.beta1, 0, 1);
  check("beta2", o.beta2, 0, 1);
}

template <class T> void Lion::run(const Slice<T>& s) const {
  const T rate = static_cast<T>(s.lr), kept = static_cast<T>(1 - s.lr * s.decay);
  const T beta1 = static_cast<T>(o_.beta1), fresh1 = static_cast<T>(1 - o_.beta1);
  const T beta2 = static_cast<T>(o_.beta2), fresh2 = static_cast<T>(1 - o_.beta2);
  T* const means = s.memory[0];
  for (std::int64_t i = 0; i < s.size; ++i) {
    T& m = means[i];
    const T way = beta1 * m + fresh1 * s.g[i];
    s.w[i] = kept * s.w[i] - rate * (way > 0 ? T(1) : way < 0 ? T(-1) : way);
    m = beta2 * m + fresh2 * s.g[i];
  }
}

void Lion::update(const Slice<float>& s) { run(s); }
void Lion::update(const Slice<double>& s) { run(s); }

EBB_OPTIMIZER(lion, Lion, "the sign of a running mean of gradients, Chen 2023");

}  // namespace ebb
