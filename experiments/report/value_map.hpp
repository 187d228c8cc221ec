#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// A table whose entries have colours: a heat map between names, with the value in each cell.
struct ValueMap {
  std::string title{};  ///< above the columns
  std::vector<std::string> columns{}, rows{};
  std::vector<std::string> texts{};  ///< [rows, columns], row by row
  std::vector<double> shares{};  ///< likewise: the place of the colour on the sequential scale, from 0 to 1; NaN: none
};

/// As SVG: for Report::picture, or `alone`, as a file with a background of its own. It has 12-pixel letters at a width
/// that a phone has, up to five columns of short names.
///
/// Errors    Error unless texts and shares have rows * columns entries
std::string value_map_svg(const ValueMap&, bool alone = false);

}  // namespace ebb::app
