#include <cmath>
#include <ebb/optim/adadelta.hpp>
#include <ebb/optim/optimizer_list.hpp>

namespace ebb {

void AdadeltaOptions::declare(GivenOptions& given) {
  given("rho", rho, "decay rate of the running means")("epsilon", epsilon, "added under both roots")(
      "decay", decay, "weight decay, added to the gradient");
}

Adadelta::Adadelta(const LeafSet& set, AdadeltaOptions o) : Optimizer("adadelta", set, o.lr, o.decay, 2), o_(o) {
  check("rho", o.rho, 0, 1);
  check_not_negative("epsilon", o.epsilon);
}

template <class T> void Adadelta::run(const Slice<T>& s) const {
  const T rate = static_cast<T>(s.lr), decay = static_cast<T>(s.decay), epsilon = static_cast<T>(o_.epsilon);
  const T rho = static_cast<T>(o_.rho), fresh = static_cast<T>(1 - o_.rho);
  T *const mean_of_squares = s.memory[0], *const mean_of_steps = s.memory[1];
  for (std::int64_t i = 0; i < s.size; ++i) {
    const T g = s.g[i] + decay * s.w[i];
    T &squares = mean_of_squares[i], &steps = mean_of_steps[i];
    squares = rho * squares + fresh * g * g;
    const T d = g * std::sqrt(steps + epsilon) / std::sqrt(squares + epsilon);
    steps = rho * steps + fresh * d * d;
    s.w[i] -= rate * d;
  }
}

void Adadelta::update(const Slice<float>& s) { run(s); }
void Adadelta::update(const Slice<double>& s) { run(s); }

EBB_OPTIMIZER(adadelta, Adadelta, "running means of squares, without a learning rate to tune, Zeiler 2012");

}  // namespace ebb
