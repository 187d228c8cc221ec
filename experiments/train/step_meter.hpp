#pragma once
#include <ebb/experiments/train/measure.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <functional>

namespace ebb::app {

struct StepMeterOptions {
  /// Accuracy in % of answers that do not depend on what a batch of this task contains, but on its length.
  std::function<double(const SimpleBatch&)> chance;
  const char* chance_about = "guessing";
  int end = EveryStep::none;  ///< a class after which a sequence has ended: later steps do not count
  bool sequences = false;     ///< also the share of sequences without an error; guesses are independent of each other
};

/// Accuracy at the steps that have a target (EveryStep), over all sequences. Their SimpleSizes have `scores`.
class StepMeter final : public Meter {
 public:
  explicit StepMeter(StepMeterOptions o) : o_(std::move(o)) {}
  void update(const Batch&, const Result&) override;
  std::vector<Measure> measures() const override;

 private:
  StepMeterOptions o_;
  double right_ = 0, all_ = 0, chance_ = 0;         // of steps; chance weighted by them
  double whole_ = 0, sequences_ = 0, by_luck_ = 0;  // of sequences
};

}  // namespace ebb::app
