#pragma once
#include <ebb/optim/optimizer.hpp>

namespace ebb {

struct RmsPropOptions {
  double lr = 1e-2, alpha = .99, epsilon = 1e-8, decay = 0, momentum = 0;
  bool centered = false;
  void declare(GivenOptions&);
};

/// Steps divided by a running root mean square of the gradient.
///
///     g = g + decay w;   s = alpha s + (1 - alpha) g^2
///     centered: a = alpha a + (1 - alpha) g, and s - a^2 in place of s below
///     w = w - lr g / (sqrt(s) + epsilon);   momentum: v = momentum v + g / (sqrt(s) + epsilon), w = w - lr v
///
/// Errors    ValueError if lr, momentum, decay or epsilon is negative, or alpha is outside [0, 1)
/// Source    Hinton, Coursera lecture 6e, 2012; centered: Graves 2013, arXiv:1308.0850
/// Differs   from Graves and TensorFlow, which add epsilon under the root; here, as in PyTorch, it is added outside
class RmsProp final : public Optimizer {
 public:
  using Options = RmsPropOptions;
  explicit RmsProp(const LeafSet& set, RmsPropOptions o = {});

 private:
  void update(const Slice<float>&) override;
  void update(const Slice<double>&) override;
  bool elementwise() const override { return true; }
  template <class T> void run(const Slice<T>& s) const;
  RmsPropOptions o_;
};

}  // namespace ebb
