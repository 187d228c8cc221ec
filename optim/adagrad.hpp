#pragma once
#include <ebb/optim/optimizer.hpp>

namespace ebb {

struct AdagradOptions {
  double lr = 1e-2, lr_decay = 0, decay = 0, initial = 0, epsilon = 1e-10;
  void declare(GivenOptions&);
};

/// Per-weight step sizes that decrease with the sum of past squared gradients.
///
///     g = g + decay w;   s = s + g^2;   w = w - lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + epsilon),   t = 1, 2, ...
///
/// The initial value of s is `initial`.
///
/// Errors    ValueError if an option is negative
/// Source    Duchi et al. 2011, JMLR 12:2121
class Adagrad final : public Optimizer {
 public:
  using Options = AdagradOptions;
  explicit Adagrad(const LeafSet& set, AdagradOptions o = {});

 private:
  void update(const Slice<float>&) override;
  void update(const Slice<double>&) override;
  bool elementwise() const override { return true; }
  template <class T> void run(const Slice<T>& s) const;
  AdagradOptions o_;
};

}  // namespace ebb
