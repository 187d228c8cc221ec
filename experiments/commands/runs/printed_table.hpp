#pragma once
#include <string>
#include <vector>

namespace ebb::app::runs {

/// A column of a table on the terminal: its name, then a text for each row.
struct PrintedColumn {
  std::vector<std::string> cells;
  bool right = false;  ///< aligned, as numbers are
};

/// The rows in lines, each column as wide as its widest text. Texts of more than `most_columns` columns of the terminal
/// lose their middle, unless some would then be the same.
std::string printed_table(const std::vector<PrintedColumn>&, int most_columns = 1 << 20);

}  // namespace ebb::app::runs
