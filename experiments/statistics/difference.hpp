#pragma once
#include <cstdint>
#include <ebb/experiments/statistics/interval.hpp>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ebb::app::statistics {

/// How a run ended. Only completed runs are compared; the others are counted.
enum class Ended { completed, stopped, diverged, failed, not_started };

struct RunValue {
  std::uint64_t seed = 1;
  double value = 0;  ///< not read unless the run was completed
  Ended ended = Ended::completed;
  bool counts() const;  ///< completed, with a finite value
};

/// The runs of one variant, one for each seed; of several with the same seed, the first that counts.
struct Group {
  std::string name;
  std::vector<RunValue> runs;
};
const RunValue* run_of(const Group&, std::uint64_t seed);  ///< the one that counts; null if there is none
std::vector<double> values_of(const Group&);               ///< of the runs that count

/// Two variants, compared by the seeds that both completed: runs of one seed have the same initial weights, where
/// names and shapes agree, and the same batches, so their difference varies less than they do.
struct Difference {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  enum class Test { none, t, signed_rank };
  std::size_t a = 0, b = 0;                                    ///< indices of the groups
  std::vector<double> by_seed{};                               ///< a less b
  Interval interval{unknown, unknown, unknown, Method::none};  ///< of the mean of by_seed
  Test test = Test::none;     ///< none for a single seed, or a few that differ by the same amount
  double p = unknown;         ///< of the test
  double adjusted = unknown;  ///< by Holm over `tests`
  int tests = 0;              ///< pairs that were tested together

  int seeds() const { return static_cast<int>(by_seed.size()); }
  /// Whether the interval excludes zero and the corrected p-value is below 5 %.
  bool shown() const { return interval.excludes(0) && adjusted < .05; }
  /// With how many seeds a paired t test would show the difference seen (power.hpp); none if more than 10,000.
  std::optional<int> needed() const;
  Difference flipped() const;  ///< b less a
};

/// Wilcoxon's signed-rank test where it can reach 5 % after Holm's correction (least_for_signed_rank: 6 seeds for one
/// pair, 9 for ten), and with fewer seeds the paired t test, corrected in the same way.
std::vector<Difference> differences(const std::vector<Group>&,
                                    const std::vector<std::pair<std::size_t, std::size_t>>& pairs);
std::vector<std::pair<std::size_t, std::size_t>> all_pairs(std::size_t groups);

}  // namespace ebb::app::statistics
