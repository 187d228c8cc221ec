#pragma once
#include <cmath>
#include <ebb/optim/adam.hpp>

namespace ebb::detail {

/// Adam's step of one number, which AdamW shares; its factors are worked out in float64 once an update.
template <class T> struct AdamStep {
  T beta1, fresh1, beta2, fresh2, rate, root, epsilon;

  AdamStep(const AdamOptions& o, double lr, std::int64_t t)
      : beta1(static_cast<T>(o.beta1)), fresh1(static_cast<T>(1 - o.beta1)),
        beta2(static_cast<T>(o.beta2)), fresh2(static_cast<T>(1 - o.beta2)),
        rate(static_cast<T>(lr / (1 - std::pow(o.beta1, static_cast<double>(t))))),
        root(static_cast<T>(std::sqrt(1 - std::pow(o.beta2, static_cast<double>(t))))),
        epsilon(static_cast<T>(o.epsilon)) {}

  T operator()(T g, T& m, T& v) const {
    m = beta1 * m + fresh1 * g;
    v = beta2 * v + fresh2 * g * g;
    return rate * m / (std::sqrt(v) / root + epsilon);
  }
};

}  // namespace ebb::detail
