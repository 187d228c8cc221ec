#pragma once
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/lengths/scores.hpp>
#include <ebb/experiments/report/value_map.hpp>

namespace ebb::app::lengths {

/// A task's heat map: a row for each cell, in this order, and a column for each length.
ValueMap map_of(const TaskScores&, const std::vector<std::string>& cells);

/// Adds heat maps, tables and notes to the page, and the numbers to the summary.
void report(Job&, const std::vector<TaskScores>&, const std::vector<std::string>& left_out);

/// The table of a task as lines for a terminal, with a heading.
std::string table_lines(const TaskScores&, const std::vector<std::string>& cells);

/// lengths.csv: a line for each task, cell, seed and length.
std::string csv_of(const std::vector<TaskScores>&);

}  // namespace ebb::app::lengths
