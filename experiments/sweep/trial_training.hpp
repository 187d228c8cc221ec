#pragma once
#include <ebb/experiments/sweep/cost.hpp>
#include <ebb/experiments/sweep/trial_options.hpp>
#include <memory>

namespace ebb::app {
class Command;
}

namespace ebb::app::sweep {

/// A run of `ebb train` that is described by its words, without training it: its options are read by `ebb train`'s own,
/// its task is made, and its model is tried.
///
/// Errors    ValueError naming the option: one that `ebb train` lacks (with the nearest) or that the command sets
///           itself, a value that it rejects, an unknown name, sizes or lengths that the task or the model rejects
class TrialTraining {
 public:
  /// `words`: the task and the options, {"adding", "--hidden", "130", ...}. With Size::quick it has 20 updates.
  TrialTraining(const std::vector<std::string>& words, Size);
  ~TrialTraining();
  TrialTraining(const TrialTraining&) = delete;
  TrialTraining& operator=(const TrialTraining&) = delete;

  const std::vector<std::string>& words() const { return words_; }  ///< {"train", "adding", "--hidden", "130", ...}
  const Task& task() const { return *task_; }
  const TaskSettings& settings() const { return settings_; }
  Model model() const;  ///< new weights, of seed 1
  /// The lengths of the test after training, as lengths_of_tests.
  std::vector<int> lengths() const;
  /// Measured over a few updates on this thread, on new weights.
  Cost cost() const;

 private:
  void read(const std::vector<std::string>&);
  void read_option(const std::string& word, const std::vector<std::string>& values);
  double length_tests(double batch) const;
  struct OwnTimes;
  OwnTimes own_times(int measured) const;
  Size size_;
  std::unique_ptr<Command> train_;
  Options options_;
  std::vector<std::string> words_, lengths_;
  std::unique_ptr<TrialOptions> trial_;
  std::unique_ptr<Task> task_;
  TaskSettings settings_;
};

}  // namespace ebb::app::sweep
