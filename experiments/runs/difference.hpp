#pragma once
#include <string>
#include <vector>

namespace ebb::app::runs {

/// What two folders of runs have in common, to the bit, clocks aside.
struct Difference {
  std::vector<std::string> compared{};  ///< files that are in both
  std::string first{};                  ///< what differs first, in the order in which training computes: learning
                                        ///< curves, weights, other tables, the summary; empty if nothing does
};

/// Curves and tables are compared by line and column, weights by tensor and element, the summary by key.
///
/// Errors    FileError if a file cannot be read
Difference first_difference(const std::string& folder, const std::string& other);

}  // namespace ebb::app::runs
