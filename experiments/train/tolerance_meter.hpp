#pragma once
#include <ebb/experiments/train/measure.hpp>

namespace ebb::app {

/// The share of rows of which every value at the last step is within `tolerance` of its target, in %.
///
/// Source    the criterion of Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735, experiments 3 to 5
class ToleranceMeter final : public Meter {
 public:
  /// `baseline`: the share of a prediction that ignores the input, in %.
  ToleranceMeter(double tolerance, double baseline, std::string baseline_about);
  /// Batches are SimpleBatches with a LastStep; the network's values are class_scores.
  void update(const Batch&, const Result&) override;
  std::vector<Measure> measures() const override;

 private:
  double tolerance_, baseline_;
  std::string baseline_about_;
  double right_ = 0, all_ = 0;
};

}  // namespace ebb::app
