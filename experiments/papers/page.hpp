#pragma once
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/papers/row_result.hpp>

namespace ebb::app::papers {

/// Adds to the page, for each experiment, the paper's numbers beside ours, the learning curves, the settings and what
/// differs; and the numbers to the summary.
void report(Job&, const Protocol&, const std::vector<RowResult>&);

/// The table of an experiment as lines for a terminal, with a heading.
std::string table_lines(const Experiment&, const std::vector<RowResult>&, Size);

/// records.json: every seed of every row, with all that its run measured, its options, version and machine.
std::string records_json(const Protocol&, const std::vector<RowResult>&, Size);

}  // namespace ebb::app::papers
