#pragma once
#include <ebb/experiments/papers/protocol.hpp>
#include <ebb/experiments/sweep/trial_training.hpp>

namespace ebb::app::papers {

using sweep::Cost;

/// A row as `ebb train` would train it.
///
/// Errors    ValueError naming file, line and option: those of TrialTraining, a measure that the task lacks
class RowTraining {
 public:
  RowTraining(const Protocol&, const Experiment&, const Row&, Size);

  const Words& words() const { return training_->words(); }  ///< {"train", "adding", "--hidden", "130", ...}
  int updates() const { return training_->settings().steps; }
  /// Of one seed, measured over a few updates on this thread, on new weights.
  Cost cost() const { return training_->cost(); }

 private:
  void check_measure(const Experiment&) const;
  std::unique_ptr<sweep::TrialTraining> training_;
};

}  // namespace ebb::app::papers
