#pragma once
#include <ebb/autograd/leaf.hpp>

namespace ebb {

class Archive;

struct EarlyStoppingOptions {
  int patience = 10;  ///< evaluations without improvement before stopping
  double least = 0;   ///< minimum improvement over the best loss
};

/// Early stopping: detects when a validation loss stops improving, and keeps the parameters of the best evaluation.
///
///     EarlyStopping stop{w, {.patience = 5}};
///     for (long u = 0; !stop && u < 20'000; ++u) { ...; if (u % 100 == 99) stop.update(held_out_loss()); }
///     stop.restore();
///
/// Errors    ValueError if an option is negative; from restore, if parameters were added since the best evaluation
class EarlyStopping {
 public:
  explicit EarlyStopping(const LeafSet& set, EarlyStoppingOptions o = {});

  void update(double loss);  ///< NaN counts as no improvement
  explicit operator bool() const { return waited_ > o_.patience; }
  double best() const { return best_; }     ///< infinite before the first evaluation
  int best_at() const { return best_at_; }  ///< index of that evaluation, from 0; -1 before the first
  int seen() const { return seen_; }
  void restore();        ///< restores the best parameters; no effect if there are none
  void visit(Archive&);  ///< for `save` and `load`

 private:
  LeafSet set_;
  EarlyStoppingOptions o_;
  Array kept_;
  double best_;
  int best_at_ = -1, seen_ = 0, waited_ = 0;
};

}  // namespace ebb
