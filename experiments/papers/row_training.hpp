#pragma once
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/experiments/papers/protocol.hpp>
#include <ebb/experiments/sweep/trial_options.hpp>
#include <memory>

namespace ebb::app {
class Command;
}

namespace ebb::app::papers {

/// What a row costs: processor time on one thread. A run that ends before its last update costs less.
struct Cost {
  int updates = 0;      ///< of one seed
  double update = 0;    ///< seconds
  double checking = 0;  ///< seconds of all validations and the test of one seed
  double seconds() const { return updates * update + checking; }  ///< of one seed
};
void visit(Fields&, Cost&);

/// A row as `ebb train` would train it: its options are read by `ebb train`'s own, and its task is made.
///
/// Errors    ValueError naming file, line and option: an option that `ebb train` lacks (with the nearest) or the
///           command sets itself, a value that it rejects, an unknown name, sizes that the task rejects, a measure that
///           it lacks, `lengths = "beyond"` without such a length
class RowTraining {
 public:
  RowTraining(const Protocol&, const Experiment&, const Row&, Size, const std::string& rate = {});
  ~RowTraining();

  const Words& words() const { return words_; }  ///< {"train", "adding", "--hidden", "130", ...}
  int updates() const { return settings_.steps; }
  const std::string& rate() const { return rate_; }  ///< of the experiment's `rates`; empty: it has none
  /// The lengths beyond that of training at which it is tested, if the experiment measures there.
  const std::vector<int>& lengths() const { return beyond_; }
  /// Measured over a few updates on this thread, on new weights.
  Cost cost() const;

 private:
  void read(const Words&, Size);
  void read_option(const std::string& word, const Words& values);
  void check_measure(const Experiment&) const;
  void check_lengths(const Experiment&);
  /// Of the tests at --test-lengths, where a batch of validation takes so long.
  double length_seconds(double batch) const;
  Model model() const;
  std::unique_ptr<Command> train_;
  Options options_;
  Words words_;
  std::string rate_;
  std::vector<int> tested_{}, beyond_{};  ///< lengths
  std::unique_ptr<sweep::TrialOptions> trial_;
  std::unique_ptr<Task> task_;
  TaskSettings settings_;
};

}  // namespace ebb::app::papers
