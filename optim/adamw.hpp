#pragma once
#include <ebb/optim/adam.hpp>

namespace ebb {

struct AdamWOptions {
  double lr = 1e-3, beta1 = .9, beta2 = .999, epsilon = 1e-8, decay = 1e-2;
  void declare(GivenOptions&);
};

/// Adam with decoupled weight decay, which does not enter the running means.
///
///     w = w - lr decay w;   then Adam's step on the plain gradient
///
/// Errors    ValueError if lr, epsilon or decay is negative, or a beta is outside [0, 1)
/// Source    Loshchilov & Hutter 2019, arXiv:1711.05101
/// Differs   the decay is multiplied by lr, as in PyTorch; use set_lr for the paper's schedule factor
class AdamW final : public Optimizer {
 public:
  using Options = AdamWOptions;
  explicit AdamW(const LeafSet& set, AdamWOptions o = {});

 private:
  void update(const Slice<float>&) override;
  void update(const Slice<double>&) override;
  bool elementwise() const override { return true; }
  template <class T> void run(const Slice<T>& s) const;
  AdamOptions o_;
};

}  // namespace ebb
