#pragma once
#include <ebb/experiments/papers/protocol.hpp>
#include <ebb/experiments/sweep/trial_training.hpp>

namespace ebb::app::papers {

using sweep::Cost;

/// A row as `ebb train` would train it.
///
/// Errors    ValueError naming file, line and option: those of TrialTraining, a measure that the task lacks, `lengths =
///           "beyond"` without such a length
class RowTraining {
 public:
  RowTraining(const Protocol&, const Experiment&, const Row&, Size, const std::string& rate = {});

  const Words& words() const { return training_->words(); }  ///< {"train", "adding", "--hidden", "130", ...}
  int updates() const { return training_->settings().steps; }
  const std::string& rate() const { return rate_; }  ///< of the experiment's `rates`; empty: it has none
  /// The lengths beyond that of training at which it is tested, if the experiment measures there.
  const std::vector<int>& lengths() const { return beyond_; }
  /// Of one seed, measured over a few updates on this thread, on new weights.
  Cost cost() const { return training_->cost(); }

 private:
  void check_measure(const Experiment&) const;
  void set_lengths();
  std::string rate_;
  std::vector<int> beyond_{};
  std::unique_ptr<sweep::TrialTraining> training_;
};

}  // namespace ebb::app::papers
