#pragma once
#include <cstdint>
#include <functional>

namespace ebb {

class Archive;

/// The learning rate of each update, counted from 0:
///
///     const Schedule rate = warm_up(500, cosine_decay(1e-3, 20'000));
///     for (long u = 0; u < 20'500; ++u) { adam.set_lr(rate(u)); ... adam.step(r.grads); }
///
/// A schedule is a function of the update only, so a resumed run needs only its update count.
/// Errors    ValueError if a rate or factor is negative or not finite, or a number of updates is below 1
using Schedule = std::function<double(std::int64_t update)>;

/// lr factor^floor(u / every)
Schedule step_decay(double lr, double factor, std::int64_t every);

/// lr factor^u
Schedule exponential_decay(double lr, double factor);

/// From lr to `least` along half a cosine, then constant.
///
///     least + (lr - least) (1 + cos(pi u / updates)) / 2
///
/// Source    Loshchilov & Hutter 2017, arXiv:1608.03983, without restarts
Schedule cosine_decay(double lr, std::int64_t updates, double least = 0);

/// Linearly from lr to `least`, then constant.
Schedule linear_decay(double lr, std::int64_t updates, double least = 0);

/// Linear warm-up: (u + 1) / updates times the schedule's first rate for the first `updates` updates, then the schedule
/// from its beginning.
Schedule warm_up(std::int64_t updates, Schedule then);

struct OneCycleOptions {
  double rising = .3;         ///< fraction of the updates before the largest rate
  double start_divisor = 25;  ///< the initial rate is largest / start_divisor
  double end_divisor = 1e4;   ///< the final rate is the initial rate / end_divisor
};
/// Rises to the largest rate and falls again, each along half a cosine.
///
/// Source    Smith & Topin 2018, arXiv:1708.07120
Schedule one_cycle(double largest, std::int64_t updates, OneCycleOptions o = {});

/// factor width^-1/2 min(n^-1/2, n warm^-3/2), n = u + 1: rises for `warm` updates, then falls as 1 / sqrt(n).
///
/// Source    Vaswani et al. 2017, arXiv:1706.03762, section 5.3
Schedule noam(int width, std::int64_t warm, double factor = 1);

struct PlateauOptions {
  double factor = .1;       ///< of each reduction
  int patience = 10;        ///< evaluations without improvement before the rate is reduced
  double threshold = 1e-4;  ///< a loss improves if it is below best - threshold |best|
  double least = 0;         ///< minimum rate
};
/// Reduces the rate when a loss stops improving.
///
///     Plateau rate{1e-3, {.patience = 5}};
///     adam.set_lr(rate.update(test_error));     // once per evaluation
class Plateau {
 public:
  explicit Plateau(double lr, PlateauOptions o = {});
  double update(double loss);  ///< returns the new rate; NaN counts as no improvement
  double lr() const { return lr_; }
  void visit(Archive&);  ///< for `save` and `load`

 private:
  PlateauOptions o_;
  double lr_, best_;
  int waited_ = 0;
};

}  // namespace ebb
