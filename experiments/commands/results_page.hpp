#pragma once
#include <ebb/experiments/commands/results_rows.hpp>
#include <map>

namespace ebb::app {

/// What a row came to when it was last run.
struct RowResult {
  std::string command, date, version;  ///< "2026-01-31"; "0.1.0" or with what git calls the commit
  std::string machine;                 ///< "2 threads, AMD EPYC"
  bool quick = false;                  ///< a toy, no result
  double weights = 0;
  std::vector<double> seconds;  ///< of each seed
  struct Values {
    std::string unit, baseline_about;
    double baseline = 0;
    std::vector<double> of_seeds;
    double mean() const;
  };
  std::map<std::string, Values> measures;

  /// From the summary.json of a run of `ebb train`.
  /// Errors    FileError if it is no such file, was interrupted, or a seed diverged
  static RowResult of_summary(const std::string& path, const ResultRow&);
};

using RowResults = std::map<std::string, RowResult>;

/// The file in which rows are kept; none, if there is none yet. Errors: FileError naming the file if it is not one of
/// these
RowResults read_results(const std::string& path);
std::string results_json(const RowResults&);
/// The page as Markdown: a table of all rows, then each with its command, every measure and what others reached.
std::string results_page(const RowResults&);

/// What of the row's goals, seeds, time and size was missed, "" if nothing.
std::string shortfall(const ResultRow&, const RowResult&);

}  // namespace ebb::app
