#pragma once
#include <ebb/experiments/runs/entries.hpp>
#include <ebb/experiments/statistics/finding.hpp>
#include <string>
#include <vector>

namespace ebb::app::runs {

/// The test loss of each seed of the runs of an entry, and how the seed ended.
///
/// Errors    FileError if a summary is damaged
statistics::Group losses_of(const RunEntry&);

/// What a comparison of runs found, in sentences that stand before its plots: the test losses of all pairs, by seed
/// where they have seeds in common; seeds without a partner are named. Losses of different units are not compared.
struct RunsFinding {
  std::vector<std::string> sentences{};
  std::string note{};  ///< how intervals and p-values were made
};
RunsFinding finding_of(const std::vector<RunEntry>&);

}  // namespace ebb::app::runs
