#pragma once
#include <cstdint>
#include <ebb/experiments/runs/run_record.hpp>
#include <map>
#include <string>
#include <vector>

namespace ebb::app::runs {

/// The test loss of a run, by seed. Seeds that diverged, or were stopped before their end, are left out and counted.
struct Scores {
  std::string name;
  std::string unit{};
  std::map<std::uint64_t, double> of_seed{};
  int left_out = 0;
};
/// Errors    FileError if the summary is damaged
Scores scores_of(const RunRecord&, const std::string& name);

/// What a comparison of runs found, in sentences that stand before its plots: the mean over the seeds of each, and how
/// many are left out. A statistical test of the difference, paired by seed, belongs here: every comparison of runs (the
/// printed one and the page) takes its sentences from this function.
std::vector<std::string> findings(const std::vector<Scores>&);

}  // namespace ebb::app::runs
