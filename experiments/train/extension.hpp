#pragma once
#include <cstdint>
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/train/train.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ebb::app {

/// A run that was resumed with another number of updates.
struct Extension {
  int planned = 0;  ///< number of updates before
  int made = 0;     ///< how many of them had been made; -1 if that differs between its seeds
  bool operator==(const Extension&) const = default;
};

/// Those of a run, in their order, as its extended.json records them.
/// Errors    FileError if that file is damaged
std::vector<Extension> extensions_of(const std::string& folder);
/// Adds one, if there is one; of a run that is not resumed, removes those of an earlier run in its folder.
void keep_extension(Job&, const std::optional<Extension>&);

/// How far a seed of `ebb train` has come, as its checkpoint records it.
struct Reached {
  int planned = 0, made = 0;  ///< updates; both 0 if it has no checkpoint
  bool early = false;         ///< it ended by itself: --patience, the task's target, or divergence
};

/// Errors    FileError if the file is damaged
Reached reached_in(const std::string& checkpoint);

/// What it means to resume a run with `--steps steps`; none if that changes nothing.
///
/// Errors    ValueError if a seed has made more updates already, or if every seed has ended by itself: none would be
///           extended
std::optional<Extension> extension_to(int steps, const std::vector<std::pair<std::uint64_t, Reached>>& seeds,
                                      const std::string& folder);

/// What resuming a seed with another number of updates does, a line for the terminal; empty if the number is the same.
std::string extension_text(std::uint64_t seed, const TrainRecord& before, int planned, const TaskSettings&);

}  // namespace ebb::app
