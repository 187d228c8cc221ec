#pragma once
#include <ebb/optim/optimizer.hpp>

namespace ebb {

struct LionOptions {
  double lr = 1e-4, beta1 = .9, beta2 = .99, decay = 0;
  void declare(GivenOptions&);
};

/// Steps of constant size: the sign of an interpolation between the gradient and its running mean.
///
///     w = w (1 - lr decay) - lr sign(beta1 m + (1 - beta1) g);   m = beta2 m + (1 - beta2) g
///
/// Errors    ValueError if lr or decay is negative, or a beta is outside [0, 1)
/// Source    Chen et al. 2023, arXiv:2302.06675
class Lion final : public Optimizer {
 public:
  using Options = LionOptions;
  explicit Lion(const LeafSet& set, LionOptions o = {});

 private:
  void update(const Slice<float>&) override;
  void update(const Slice<double>&) override;
  bool elementwise() const override { return true; }
  template <class T> void run(const Slice<T>& s) const;
  LionOptions o_;
};

}  // namespace ebb
