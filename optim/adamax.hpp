#pragma once
#include <ebb/optim/optimizer.hpp>

namespace ebb {

struct AdamaxOptions {
  double lr = 2e-3, beta1 = .9, beta2 = .999, epsilon = 1e-8, decay = 0;
  void declare(GivenOptions&);
};

/// Adam with the largest recent gradient in place of the root of the mean square.
///
///     g = g + decay w;   m = beta1 m + (1 - beta1) g;   u = max(beta2 u, |g| + epsilon)
///     w = w - lr / (1 - beta1^t) m / u,   t = 1, 2, ...
///
/// Errors    ValueError if lr, epsilon or decay is negative, or a beta is outside [0, 1)
/// Source    Kingma & Ba 2015, section 7.1, arXiv:1412.6980
class Adamax final : public Optimizer {
 public:
  using Options = AdamaxOptions;
  explicit Adamax(const LeafSet& set, AdamaxOptions o = {});

 private:
  void update(const Slice<float>&) override;
  void update(const Slice<double>&) override;
  bool elementwise() const override { return true; }
  template <class T> void run(const Slice<T>& s) const;
  AdamaxOptions o_;
};

}  // namespace ebb
