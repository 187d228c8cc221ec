#include <algorithm>
#include <cmath>
#include <ebb/optim/optimizer_list.hpp>
#include <ebb/optim/rmsprop.hpp>

namespace ebb {

void RmsPropOptions::declare(GivenOptions& given) {
  given("alpha", alpha, "decay rate of the running mean square")("epsilon", epsilon, "added to the denominator")(
      "decay", decay, "weight decay, added to the gradient")("momentum", momentum, "momentum of the steps")(
      "centered", centered, "divide by the standard deviation instead");
}

RmsProp::RmsProp(const LeafSet& set, RmsPropOptions o) : Optimizer("rmsprop", set, o.lr, o.decay, 3), o_(o) {
  check("alpha", o.alpha, 0, 1);
  check_not_negative("epsilon", o.epsilon);
  check_not_negative("momentum", o.momentum);
}

template <class T> void RmsProp::run(const Slice<T>& s) const {
  const T rate = static_cast<T>(s.lr), decay = static_cast<T>(s.decay), momentum = static_cast<T>(o_.momentum);
  const T alpha = static_cast<T>(o_.alpha), fresh = static_cast<T>(1 - o_.alpha), epsilon = static_cast<T>(o_.epsilon);
  T* const w = s.w;
  const T* const g = s.g;
  T* const square = s.memory[0];
  T* const mean = s.memory[1];
  T* const velocity = s.memory[2];
  for (std::int64_t i = 0; i < s.size; ++i) {
    const T d = g[i] + decay * w[i];
    square[i] = alpha * square[i] + fresh * d * d;
    T variance = square[i];
    if (o_.centered) {
      mean[i] = alpha * mean[i] + fresh * d;
      variance = std::max(variance - mean[i] * mean[i], T(0));  // rounding may make it negative
    }
    velocity[i] = momentum * velocity[i] + d / (std::sqrt(variance) + epsilon);
    w[i] -= rate * velocity[i];
  }
}

void RmsProp::update(const Slice<float>& s) { run(s); }
void RmsProp::update(const Slice<double>& s) { run(s); }

EBB_OPTIMIZER(rmsprop, RmsProp, "gradient divided by its running root mean square, Hinton 2012");

}  // namespace ebb
