#pragma once
#include <ebb/optim/optimizer.hpp>

namespace ebb {

struct SgdOptions {
  double lr = 1e-2, momentum = 0, dampening = 0, decay = 0;
  bool nesterov = false;
  void declare(GivenOptions&);
};

/// Stochastic gradient descent, optionally with momentum.
///
///     g = g + decay w
///     v = g at the first update, then momentum v + (1 - dampening) g
///     w = w - lr v;   nesterov: w = w - lr (g + momentum v);   momentum 0: w = w - lr g
///
/// Errors    ValueError if lr, momentum or decay is negative, or nesterov is set without momentum or with dampening
/// Source    Polyak 1964; Sutskever et al. 2013, in the form of PyTorch (lr outside the velocity)
class Sgd final : public Optimizer {
 public:
  using Options = SgdOptions;
  explicit Sgd(const LeafSet& set, SgdOptions o = {});

 private:
  void update(const Slice<float>&) override;
  void update(const Slice<double>&) override;
  bool elementwise() const override { return true; }
  template <class T> void run(const Slice<T>& s) const;
  SgdOptions o_;
};

}  // namespace ebb
