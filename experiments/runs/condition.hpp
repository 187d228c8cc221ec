#pragma once
#include <functional>
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
/// `is_number`: whether all values of a column are numbers. SQL takes any number to be less than any text, so such a
/// column compared with a text would be a condition that all runs meet, or none.
///
/// Errors    ValueError naming an unknown column, and the nearest known one; a text without quotes; a number in quotes;
///           = null; a character that has no meaning here; quotes or parentheses that are not closed; an operator
///           without its right side
std::string condition_sql(const std::string& text, const std::vector<std::string>& columns,
                          const std::function<bool(const std::string&)>& is_number = {});

/// The column that a name on the command line means: as it is, or with dashes for underscores, in any case; blanks
/// around it are left out.
///
/// Errors    ValueError with the nearest column
std::string known_column(const std::string& name, const std::vector<std::string>& columns);

}  // namespace ebb::app::runs
