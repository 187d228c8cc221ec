#pragma once
#include <ebb/experiments/commands/results_rows.hpp>
#include <map>

namespace ebb::app {

/// The results of a row's latest run.
struct RowResult {
  std::string command, date, version;  ///< "2026-01-31"; "0.1.0", or with the commit
  std::string machine;                 ///< "2 threads, AMD EPYC"
  bool quick = false;                  ///< a toy run, not a result
  double weights = 0;
  std::vector<double> seconds;  ///< by seed
  struct Values {
    std::string unit, baseline_about;
    double baseline = 0;
    std::vector<double> of_seeds;
    double mean() const;
  };
  std::map<std::string, Values> measures;

  /// From the summary.json of a run of `ebb train`.
  /// Errors    FileError if it is not such a file, the run was interrupted, or a seed diverged
  static RowResult of_summary(const std::string& path, const ResultRow&);
};

using RowResults = std::map<std::string, RowResult>;

/// Reads the stored rows; none if the file does not exist yet. Errors: FileError naming the file if it is not one of
/// these
RowResults read_results(const std::string& path);
std::string results_json(const RowResults&);
/// The page as Markdown: a table of all rows, then a section for each with its command, every measure and published
/// figures.
std::string results_page(const RowResults&);

/// "incomplete: 2 of 3 seeds; goals missed: NRMSE is 9, not ≤ 8", either part, or "" if the row reached its goals (of
/// measures, time and size).
std::string shortfall(const ResultRow&, const RowResult&);

}  // namespace ebb::app
