#pragma once
#include <cstdint>
#include <ebb/experiments/runs/run_record.hpp>
#include <string>
#include <vector>

namespace ebb::app::runs {

/// Runs that differ in their seeds only, as one side of a comparison: trials of a sweep with the same configuration,
/// or a run of several seeds alone.
struct RunEntry {
  std::string label{};                 ///< "gru, lr=0.01", or a name where the options do not tell entries apart
  std::vector<RunRecord> runs{};       ///< at least one
  std::vector<std::uint64_t> seeds{};  ///< of all of them, rising
  std::string text(const std::string& column) const;  ///< of the runs, each value once
  double mean(const std::string& column) const;       ///< over the runs that have a number; NaN if none has
  double sum(const std::string& column) const;
};

/// Options whose values differ between runs; command, task and cell come first.
std::vector<std::string> differing_options(const std::vector<RunRecord>&);

/// Runs of the same command and options, apart from seeds and what does not change results, become one entry. A run
/// that repeats a seed of an entry, such as one that `ebb runs reproduce` made, becomes another.
std::vector<RunEntry> entries_of(const std::vector<RunRecord>&);

/// "1", "1 to 5", "1, 3, 4"
std::string seeds_text(const std::vector<std::uint64_t>&);

}  // namespace ebb::app::runs
