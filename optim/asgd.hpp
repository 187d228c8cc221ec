#pragma once
#include <ebb/optim/optimizer.hpp>

namespace ebb {

struct AsgdOptions {
  double lr = 1e-2, lambda = 1e-4, alpha = .75, decay = 0;
  std::int64_t start = 1'000'000;  ///< updates before the mean begins; start_averaging() says it later
};

/// Gradient descent that keeps the mean of its own path.
///
///     g = g + decay w;   eta = lr / (1 + lambda lr (t - 1))^alpha,   t = 1, 2, ...
///     w = (1 - lambda eta) w - eta g;   a = a + (w - a) / max(1, t - 1 - start)
///
/// With lambda 0 and a trigger it is the rule of the AWD-LSTM:
///
///     Asgd rule{w, {.lr = 30, .lambda = 0}};
///     NonMonotone trigger{5};
///     if (trigger.update(held_out_loss)) rule.start_averaging();
///     rule.swap();  evaluate(...);  rule.swap();      // the mean in the model's place, and back
///
/// Errors    ValueError if an option is negative; from swap, if there was no update
/// Source    Polyak & Juditsky 1992, doi:10.1137/0330046; Bottou's schedule as in PyTorch; Merity et al. 2018,
///           arXiv:1708.02182
class Asgd final : public Optimizer {
 public:
  explicit Asgd(const LeafSet& set, AsgdOptions o = {});
  /// From the next update on, whose weights are the mean's first; nothing if the mean has begun.
  void start_averaging();
  bool averaging() const { return updates() > start_; }
  void swap();  ///< of trained parameters; before the mean begins it is the last weights
  void visit(Archive&) override;

 private:
  Array first_memory(int) const override;  // the weights, so that those of frozen parameters are their mean
  void update(const Slice<float>&) override;
  void update(const Slice<double>&) override;
  template <class T> void run(const Slice<T>& s) const;
  AsgdOptions o_;
  std::int64_t start_;
};

}  // namespace ebb
