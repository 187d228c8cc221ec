#pragma once
#include <ebb/optim/optimizer.hpp>

namespace ebb {

struct AsgdOptions {
  double lr = 1e-2, lambda = 1e-4, alpha = .75, decay = 0;
  std::int64_t start = 1'000'000;  ///< updates before averaging begins; or call start_averaging()
};

/// Averaged stochastic gradient descent: also keeps the mean of the weights over updates.
///
///     g = g + decay w;   eta = lr / (1 + lambda lr (t - 1))^alpha,   t = 1, 2, ...
///     w = (1 - lambda eta) w - eta g;   a = a + (w - a) / max(1, t - 1 - start)
///
/// With lambda 0 and a trigger it is the optimiser of the AWD-LSTM:
///
///     Asgd asgd{w, {.lr = 30, .lambda = 0}};
///     NonMonotone trigger{5};
///     if (trigger.update(held_out_loss)) asgd.start_averaging();
///     asgd.swap();  evaluate(...);  asgd.swap();      // evaluates the mean, then swaps back
///
/// Errors    ValueError if an option is negative; from swap, before the first update
/// Source    Polyak & Juditsky 1992, doi:10.1137/0330046; Bottou's schedule as in PyTorch; Merity et al. 2018,
///           arXiv:1708.02182
class Asgd final : public Optimizer {
 public:
  explicit Asgd(const LeafSet& set, AsgdOptions o = {});
  /// Averages from the next update on; no effect if averaging has begun.
  void start_averaging();
  bool averaging() const { return updates() > start_; }
  void swap();  ///< swaps trained parameters with their mean, which before averaging is the current weights
  void visit(Archive&) override;

 private:
  Array first_memory(int) const override;  // the weights, so that the mean of frozen parameters is correct
  void update(const Slice<float>&) override;
  void update(const Slice<double>&) override;
  bool elementwise() const override { return true; }
  template <class T> void run(const Slice<T>& s) const;
  AsgdOptions o_;
  std::int64_t start_;
};

}  // namespace ebb
