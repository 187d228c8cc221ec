#pragma once
#include <ebb/optim/optimizer.hpp>

namespace ebb {

struct AdadeltaOptions {
  double lr = 1, rho = .9, epsilon = 1e-6, decay = 0;
  void declare(GivenOptions&);
};

/// Steps in the units of the weights: the gradient times the RMS of past steps over the RMS of gradients.
///
///     g = g + decay w;   s = rho s + (1 - rho) g^2;   d = g sqrt(a + epsilon) / sqrt(s + epsilon)
///     a = rho a + (1 - rho) d^2;   w = w - lr d
///
/// Errors    ValueError if lr, epsilon or decay is negative, or rho is outside [0, 1)
/// Source    Zeiler 2012, arXiv:1212.5701
class Adadelta final : public Optimizer {
 public:
  using Options = AdadeltaOptions;
  explicit Adadelta(const LeafSet& set, AdadeltaOptions o = {});

 private:
  void update(const Slice<float>&) override;
  void update(const Slice<double>&) override;
  bool elementwise() const override { return true; }
  template <class T> void run(const Slice<T>& s) const;
  AdadeltaOptions o_;
};

}  // namespace ebb
