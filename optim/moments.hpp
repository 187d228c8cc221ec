#pragma once
#include <ebb/optim/optimizer.hpp>

namespace ebb::detail {

/// The running means of a gradient and of its square, for Adam and its variants.
template <class T> struct Moments {
  T beta1, fresh1, beta2, fresh2;
  Moments(double b1, double b2)
      : beta1(static_cast<T>(b1)), fresh1(static_cast<T>(1 - b1)), beta2(static_cast<T>(b2)),
        fresh2(static_cast<T>(1 - b2)) {}
  void update(T g, T& m, T& v) const {
    m = beta1 * m + fresh1 * g;
    v = beta2 * v + fresh2 * g * g;
  }
};

}  // namespace ebb::detail
