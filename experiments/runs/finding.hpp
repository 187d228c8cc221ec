#pragma once
#include <ebb/experiments/runs/run_record.hpp>
#include <ebb/experiments/statistics/finding.hpp>
#include <string>
#include <vector>

namespace ebb::app::runs {

/// The test loss of each seed of a run, and how the seed ended.
///
/// Errors    FileError if the summary is damaged
statistics::Group losses_of(const RunRecord&, const std::string& name);

/// What a comparison of runs found, in sentences that stand before its plots: the test losses of all pairs, by seed
/// where they have seeds in common. Runs whose losses have different units are not compared.
struct RunsFinding {
  std::vector<std::string> sentences{};
  std::string note{};  ///< how intervals and p-values were made
};
RunsFinding finding_of(const std::vector<RunRecord>&, const std::vector<std::string>& names);

}  // namespace ebb::app::runs
