#pragma once
#include <ebb/optim/optimizer.hpp>

namespace ebb {

struct AdamOptions {
  double lr = 1e-3, beta1 = .9, beta2 = .999, epsilon = 1e-8, decay = 0;
  void declare(GivenOptions&);
};

/// Steps from running means of the gradient and of its square, each corrected for its bias towards the initial zero.
///
///     g = g + decay w;   m = beta1 m + (1 - beta1) g;   v = beta2 v + (1 - beta2) g^2
///     w = w - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon),   t = 1, 2, ...
///
/// Errors    ValueError if lr, epsilon or decay is negative, or a beta is outside [0, 1)
/// Source    Kingma & Ba 2015, arXiv:1412.6980
class Adam final : public Optimizer {
 public:
  using Options = AdamOptions;
  explicit Adam(const LeafSet& set, AdamOptions o = {});

 private:
  void update(const Slice<float>&) override;
  void update(const Slice<double>&) override;
  bool elementwise() const override { return true; }
  template <class T> void run(const Slice<T>& s) const;
  AdamOptions o_;
};

}  // namespace ebb
