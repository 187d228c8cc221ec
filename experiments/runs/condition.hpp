#pragma once
#include <string>
#include <vector>

namespace ebb::app::runs {

/// SQL of a condition that a user writes over the columns of runs: cell = 'gru' and valid < 1.6
///
///     and or not in is null like glob between       = != <> < <= > >= + - * / % ||       ( ) ,
///     abs round lower upper length min max coalesce instr substr
///
/// Names of columns may have dashes, as options have on the command line. Everything else of SQL is rejected here, so
/// the text cannot become a statement of its own.
///
/// Errors    ValueError naming an unknown column, and the nearest known one; a text without quotes; a character that
///           has no meaning here; quotes or parentheses that are not closed
std::string condition_sql(const std::string& text, const std::vector<std::string>& columns);

/// The column that a name on the command line means: as it is, or with dashes for underscores, in any case.
///
/// Errors    ValueError with the nearest column
std::string known_column(const std::string& name, const std::vector<std::string>& columns);

}  // namespace ebb::app::runs
