#pragma once
#include <cmath>
#include <ebb/experiments/sweep/space.hpp>

namespace ebb::app::sweep {

/// A run of a sweep: one configuration with one seed.
struct Trial {
  std::size_t configuration = 0;  ///< index, from 0
  std::uint64_t seed = 1;
  std::string name;  ///< of its folder in trials/: "012-gru-0.001-seed-3"
};

/// Each configuration with each seed: all configurations of the first seed come first.
std::vector<Trial> trials_of(const std::vector<Configuration>&, const std::vector<std::uint64_t>& seeds);

/// How `ebb train` validates the task.
struct Validation {
  std::string measure = "loss", unit{};
  bool rises = false;     ///< higher is better
  double baseline = NAN;  ///< of the measure, without any recurrent network
  std::string baseline_about{};
  std::string text() const { return unit.empty() ? measure : measure + ", " + unit; }
  /// Whether a is better than b; a number is better than NaN.
  bool better(double a, double b) const;
};

/// What a trial's folder, which is that of a run of `ebb train`, records so far.
struct TrialRecord {
  enum class State {
    none,      ///< nothing that could be resumed
    begun,     ///< to be resumed: it was killed, interrupted or paused
    ended,     ///< all updates, or an early stop
    diverged,  ///< it ended too
  };
  State state = State::none;
  int updates = 0;       ///< of a run that is to be resumed, those at the last time that its process ended by itself
  bool patient = false;  ///< keeps the weights of the best validation
  std::vector<std::pair<int, double>> valid{};  ///< by update
  double test = NAN;                            ///< loss on the test split
  std::string test_unit{};
  double seconds = 0;  ///< of training, over all processes

  bool over() const { return state == State::ended || state == State::diverged; }
  /// Whether there is nothing left to train up to this update.
  bool reached(int update) const { return over() || (state == State::begun && updates >= update); }
  /// The validation of the weights that are kept when training ends at this update: the best so far of a patient run,
  /// otherwise the last. NaN if there is none, or training diverged.
  double valid_at(int update, const Validation&) const;
};

/// Errors    FileError if a file cannot be read; a file of another form counts as missing
TrialRecord read_trial(const std::string& folder, std::uint64_t seed);

/// The last update in a curve.csv that is being written, with its loss and the last validation before it.
struct Progressing {
  int update = 0;
  double loss = NAN, valid = NAN;
};
Progressing progress_of(const std::string& folder);

/// Whether a process writes into the folder: it holds its lock.
bool in_use(const std::string& folder);

}  // namespace ebb::app::sweep
