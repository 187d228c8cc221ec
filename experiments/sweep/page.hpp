#pragma once
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/sweep/ranking.hpp>

namespace ebb::app::sweep {

/// Adds what a sweep has found so far to the page and the summary: the best configuration and how sure that is, the
/// response to each option, all configurations on parallel axes, and what failed.
void report(Job&, const Plan&, const std::vector<TrialResult>&);

/// The sentences on the best configuration; the first of them is about it alone. Empty if no run has ended.
std::vector<std::string> findings_of(const Plan&, const std::vector<ConfigurationResult>&);

/// The best ten as lines for a terminal, with a heading.
std::string best_lines(const Plan&, const std::vector<ConfigurationResult>&);

/// Its validation: the mean of runs that ended; of a configuration that successive halving stopped, the last one. NaN
/// if there is none.
double height_of(const Plan&, const ConfigurationResult&);

/// The validation against each option that is a number, a plot each.
std::vector<Plot> responses_of(const Plan&, const std::vector<ConfigurationResult>&);
ParallelPlot parallel_of(const Plan&, const std::vector<ConfigurationResult>&);

}  // namespace ebb::app::sweep
