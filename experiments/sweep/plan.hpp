#pragma once
#include <ebb/experiments/sweep/schedule.hpp>
#include <ebb/experiments/sweep/trial.hpp>

namespace ebb::app::sweep {

/// A sweep before it begins.
struct Plan {
  std::string task;
  std::vector<std::string> words{};  ///< of `ebb train` in every trial: {"train", "chars", "--steps", "300"}
  std::vector<Axis> axes{};
  std::vector<Configuration> configurations{};
  std::vector<std::uint64_t> seeds{};
  std::vector<Trial> trials{};  ///< trials_of configurations and seeds
  Validation validation{};
  int steps = 1;             ///< updates of a whole run
  std::vector<int> rungs{};  ///< of successive halving; empty: every trial runs to its end
  int eta = 3;
  bool asynchronous = false;  ///< so the sweep does not repeat
  bool random = false;
  bool compares = true;  ///< the configurations with each other, so that the best is shown

  int steps_of(std::size_t configuration) const {
    const int own = configurations[configuration].steps;
    return own > 0 ? own : steps;
  }
  /// Updates of all trials together, if none stops early.
  double updates() const;
  std::unique_ptr<Schedule> schedule() const;
  std::size_t trial(std::size_t configuration, std::size_t seed) const {
    return seed * configurations.size() + configuration;
  }
  /// "15 configurations (cell, lr) with 5 seeds each, by successive halving"
  std::string text() const;
};

/// What became of a trial.
struct TrialResult {
  TrialRecord record{};
  std::string failed{};  ///< why it could not be trained; empty if it could
  /// "ended", "diverged", "failed", "paused", "interrupted", "not begun"
  std::string state(bool halved) const;
};

}  // namespace ebb::app::sweep
