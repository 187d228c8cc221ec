#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// A goal that a row must reach.
struct Goal {
  std::string measure;  ///< by its name in the task's meter
  double bound;
  bool at_least = true;  ///< or at most
};

/// One row of docs/results.md: a command, its goals, and published figures.
struct ResultRow {
  std::string name;                ///< as in `ebb results NAME`
  std::string shape;               ///< "one to many"
  std::vector<std::string> words;  ///< of the command, from "train" on
  std::vector<Goal> goals;
  int seeds = 3;
  double minutes = 0;   ///< maximum time per seed on two cores, 0: any
  double weights = 0;   ///< maximum number, 0: any
  std::string known{};  ///< published figures, with their source
  std::string tried{};  ///< what was tried, if it falls short

  std::string page() const { return "tasks/" + words[1] + ".md"; }
  /// "ebb train music --cell gru"
  std::string command() const;
};

/// All rows, in the order of the page.
const std::vector<ResultRow>& result_rows();
/// Errors    ValueError naming the most similar row, if there is none of that name
const ResultRow& result_row(const std::string& name);

}  // namespace ebb::app
