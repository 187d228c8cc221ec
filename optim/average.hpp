#pragma once
#include <ebb/autograd/leaf.hpp>

namespace ebb {

class Archive;

/// A running mean of the parameters, which often does better than the last of them.
///
///     a = (1 - f) a + f w,   f = max(1 - decay, 1 / n),   n = 1, 2, ... counts the updates
///
/// So that the first few are averaged evenly; with decay 1 all are (Polyak's average), with less it is the exponential
/// moving average. `swap` leaves fixed parameters alone.
///
///     AverageWeights mean{w, .999};
///     ... adam.step(r.grads); mean.update();
///     mean.swap();  evaluate(...);  mean.swap();      // the mean in the model's place, and back
///
/// Errors    ValueError if decay is outside [0, 1], or parameters were added since the first update
/// Source    Polyak & Juditsky 1992; with a decay as in Tarvainen & Valpola 2017, arXiv:1703.01780
class AverageWeights {
 public:
  explicit AverageWeights(const LeafSet& set, double decay = .999);
  void update();  ///< after an update
  void swap();    ///< Errors: also ValueError if nothing was seen
  Array flat() const { return mean_; }
  void visit(Archive&);  ///< for `save` and `load`

 private:
  void check_size() const;
  LeafSet set_;
  double decay_;
  std::int64_t seen_ = 0;
  Array mean_;
};

}  // namespace ebb
