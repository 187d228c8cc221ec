#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// A figure that a row has to come up to.
struct Goal {
  std::string measure;  ///< by the name that the task's meter has for it
  double bound;
  bool at_least = true;  ///< or at most
};

/// One row of docs/results.md: a command, what it has to reach, and what others reached.
struct ResultRow {
  std::string name;                ///< by which `ebb results NAME` knows it
  std::string shape;               ///< "one to many"
  std::vector<std::string> words;  ///< of the command, from "train" on
  std::vector<Goal> goals;
  int seeds = 3;
  double minutes = 0;   ///< that a seed may take on two cores, 0: any
  double weights = 0;   ///< at most so many, 0: any
  std::string known{};  ///< published figures, with their source
  std::string tried{};  ///< where it falls short: what was tried

  std::string page() const { return "tasks/" + words[1] + ".md"; }
  /// "ebb train music --cell gru"
  std::string command() const;
};

/// All rows, in the order of the page.
const std::vector<ResultRow>& result_rows();
/// Errors    ValueError naming the nearest row, unless there is one of that name
const ResultRow& result_row(const std::string& name);

}  // namespace ebb::app
