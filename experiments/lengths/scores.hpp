#pragma once
#include <cmath>
#include <ebb/experiments/sweep/ranking.hpp>
#include <string>
#include <vector>

/// `ebb length`: cells that are trained on short sequences and tested on longer ones.
namespace ebb::app::lengths {

/// What one seed of a cell achieves, by length.
struct SeedScores {
  std::uint64_t seed = 1;
  std::string state = "not begun";  ///< as TrialResult::state
  double seconds = 0;
  std::vector<double> values{};  ///< of the task's measure; NaN: not tested at this length
};

struct CellScores {
  std::string cell;  ///< with its options
  std::vector<SeedScores> seeds{};

  /// Over the seeds that were tested at this length, of which `k` is the index.
  sweep::Spread spread(std::size_t k) const;
  int diverged() const;
  int failed() const;
};

/// The cells on one task.
struct TaskScores {
  std::string task, measure{}, unit{};
  bool rises = true;  ///< a higher value is better
  int trained = 0;    ///< the greatest length of training
  std::vector<int> lengths{};
  std::vector<double> baselines{};  ///< of the measure, by length
  std::vector<CellScores> cells{};

  /// The measure of a perfect model: 100 % or 0; of a measure that rises without bound, the best mean in this table.
  double perfect() const;
  /// The share of the way from the baseline at this length to a perfect model, from 0 to 1; NaN: not tested.
  double share(const CellScores&, std::size_t k) const;
};

/// Reads what a trial of `ebb train` left in its folder, and takes measure, lengths and baselines from it. A file of
/// another form counts as missing.
SeedScores seed_scores_of(const std::string& folder, const sweep::TrialResult&, std::uint64_t seed, TaskScores&);

/// The cells in the order of a figure: by the mean share beyond the length of training, over all tasks; the best first,
/// and those alike by name.
std::vector<std::string> ranked_cells(const std::vector<TaskScores>&);

/// "99.6", "0.0031": short enough for a cell of a map; "–" for NaN.
std::string score_text(double value, const std::string& unit);

}  // namespace ebb::app::lengths
