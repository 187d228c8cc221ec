#pragma once
#include <ebb/autograd/leaf.hpp>

namespace ebb {

class Archive;

/// A running mean of the parameters, which often performs better than the last values.
///
///     a = (1 - f) a + f w,   f = max(1 - decay, 1 / n),   n = 1, 2, ... counts the updates
///
/// The first updates are averaged evenly; with decay 1 all are (Polyak averaging), with less it is an exponential
/// moving average. `swap` does not change fixed parameters.
///
///     AverageWeights mean{w, .999};
///     ... adam.step(r.grads); mean.update();
///     mean.swap();  evaluate(...);  mean.swap();      // evaluates the mean, then swaps back
///
/// Errors    ValueError if decay is outside [0, 1], or parameters were added since the first update
/// Source    Polyak & Juditsky 1992; with a decay as in Tarvainen & Valpola 2017, arXiv:1703.01780
class AverageWeights {
 public:
  explicit AverageWeights(const LeafSet& set, double decay = .999);
  void update();  ///< call after each update
  void swap();    ///< Errors: also ValueError before the first update
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
