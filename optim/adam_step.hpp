#pragma once
#include <cmath>
#include <ebb/optim/adam.hpp>
#include <ebb/optim/moments.hpp>

namespace ebb::detail {

/// Adam's step for one weight, shared with AdamW; its factors are computed in float64 once per update.
template <class T> struct AdamStep {
  Moments<T> moments;
  T rate, root, epsilon;

  AdamStep(const AdamOptions& o, double lr, std::int64_t t)
      : moments(o.beta1, o.beta2), rate(static_cast<T>(lr / (1 - std::pow(o.beta1, static_cast<double>(t))))),
        root(static_cast<T>(std::sqrt(1 - std::pow(o.beta2, static_cast<double>(t))))),
        epsilon(static_cast<T>(o.epsilon)) {}

  T operator()(T g, T& m, T& v) const {
    moments.update(g, m, v);
    return rate * m / (std::sqrt(v) / root + epsilon);
  }
};

}  // namespace ebb::detail
