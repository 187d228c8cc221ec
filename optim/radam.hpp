#pragma once
#include <ebb/optim/optimizer.hpp>

namespace ebb {

struct RAdamOptions {
  double lr = 1e-3, beta1 = .9, beta2 = .999, epsilon = 1e-8, decay = 0;
  void declare(GivenOptions&);
};

/// Adam that initially ignores its second moment, and phases it in when its variance becomes finite, which replaces a
/// warm-up schedule.
///
///     g = g + decay w;   m = beta1 m + (1 - beta1) g;   v = beta2 v + (1 - beta2) g^2;   m^ = m / (1 - beta1^t)
///     rho = 2 / (1 - beta2) - 1;   rho_t = rho - 2 t beta2^t / (1 - beta2^t)
///     w = w - lr m^ r sqrt(1 - beta2^t) / (sqrt(v) + epsilon)  if rho_t > 5, else  w - lr m^
///     r^2 = (rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t)
///
/// Errors    ValueError if lr, epsilon or decay is negative, or a beta is outside [0, 1)
/// Source    Liu et al. 2020, arXiv:1908.03265
class RAdam final : public Optimizer {
 public:
  using Options = RAdamOptions;
  explicit RAdam(const LeafSet& set, RAdamOptions o = {});

 private:
  void update(const Slice<float>&) override;
  void update(const Slice<double>&) override;
  bool elementwise() const override { return true; }
  template <class T> void run(const Slice<T>& s) const;
  RAdamOptions o_;
};

}  // namespace ebb
