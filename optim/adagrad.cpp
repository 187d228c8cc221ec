#include <cmath>
#include <ebb/optim/adagrad.hpp>
#include <ebb/optim/optimizer_list.hpp>

namespace ebb {

void AdagradOptions::declare(GivenOptions& given) {
  given("lr_decay", lr_decay, "the learning rate decays as 1 / (1 + updates times this)")(
      "initial", initial, "initial value of the sums of squares")("epsilon", epsilon, "added to the denominator")(
      "decay", decay, "weight decay, added to the gradient");
}

Adagrad::Adagrad(const LeafSet& set, AdagradOptions o) : Optimizer("adagrad", set, o.lr, o.decay, 1), o_(o) {
  check_not_negative("epsilon", o.epsilon);
  check_not_negative("lr_decay", o.lr_decay);
  check_not_negative("initial", o.initial);
}

template <class T> void Adagrad::run(const Slice<T>& s) const {
  const T rate = static_cast<T>(s.lr / (1 + static_cast<double>(s.t - 1) * o_.lr_decay));
  const T decay = static_cast<T>(s.decay), initial = static_cast<T>(o_.initial), epsilon = static_cast<T>(o_.epsilon);
  T* const squares = s.memory[0];
  for (std::int64_t i = 0; i < s.size; ++i) {
    const T g = s.g[i] + decay * s.w[i];
    squares[i] += g * g;
    s.w[i] -= rate * g / (std::sqrt(squares[i] + initial) + epsilon);
  }
}

void Adagrad::update(const Slice<float>& s) { run(s); }
void Adagrad::update(const Slice<double>& s) { run(s); }

EBB_OPTIMIZER(adagrad, Adagrad, "step sizes decrease with all past squared gradients, Duchi 2011");

}  // namespace ebb
