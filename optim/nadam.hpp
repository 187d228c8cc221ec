#pragma once
#include <ebb/optim/optimizer.hpp>

namespace ebb {

struct NAdamOptions {
  double lr = 2e-3, beta1 = .9, beta2 = .999, epsilon = 1e-8, decay = 0, momentum_decay = 4e-3;
  void declare(GivenOptions&);
};

/// Adam with Nesterov momentum that warms up.
///
///     g = g + decay w;   m = beta1 m + (1 - beta1) g;   v = beta2 v + (1 - beta2) g^2
///     mu_t = beta1 (1 - .96^(t momentum_decay) / 2);   P_t = mu_1 ... mu_t
///     w = w - lr ((1 - mu_t) / (1 - P_t) g + mu_{t+1} / (1 - P_{t+1}) m) / (sqrt(v / (1 - beta2^t)) + epsilon)
///
/// Errors    ValueError if lr, epsilon, decay or momentum_decay is negative, or a beta is outside [0, 1)
/// Source    Dozat 2016, ICLR workshop
class NAdam final : public Optimizer {
 public:
  using Options = NAdamOptions;
  explicit NAdam(const LeafSet& set, NAdamOptions o = {});
  void visit(Archive&) override;

 private:
  void update(const Slice<float>&) override;
  void update(const Slice<double>&) override;
  template <class T> void run(const Slice<T>& s);
  NAdamOptions o_;
  double product_ = 1;           // P_t
  std::int64_t multiplied_ = 0;  // t
};

}  // namespace ebb
