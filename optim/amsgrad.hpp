#pragma once
#include <ebb/optim/optimizer.hpp>

namespace ebb {

struct AmsGradOptions {
  double lr = 1e-3, beta1 = .9, beta2 = .999, epsilon = 1e-8, decay = 0;
  void declare(GivenOptions&);
};

/// Adam with a non-decreasing second moment, so that step sizes do not grow again.
///
///     m and v as in Adam;   v^ = max(v^, v);   w = w - lr (m / (1 - beta1^t)) / (sqrt(v^ / (1 - beta2^t)) + epsilon)
///
/// Errors    ValueError if lr, epsilon or decay is negative, or a beta is outside [0, 1)
/// Source    Reddi et al. 2018, arXiv:1904.09237
/// Differs   from the paper, which omits Adam's bias correction; PyTorch has it
class AmsGrad final : public Optimizer {
 public:
  using Options = AmsGradOptions;
  explicit AmsGrad(const LeafSet& set, AmsGradOptions o = {});

 private:
  void update(const Slice<float>&) override;
  void update(const Slice<double>&) override;
  bool elementwise() const override { return true; }
  template <class T> void run(const Slice<T>& s) const;
  AmsGradOptions o_;
};

}  // namespace ebb
