#pragma once
#include <ebb/experiments/report/report.hpp>
#include <ebb/experiments/runs/finding.hpp>
#include <ebb/experiments/runs/run_record.hpp>
#include <string>
#include <vector>

namespace ebb::app::runs {

/// Runs side by side. Runs that differ in their seeds only are one entry, called by the values of the options in which
/// it differs from the others, "gru, lr=0.01", or by a name where that is not unique.
///
/// Errors    FileError if the summary or a learning curve of a run is damaged: finding(), plots(), fill() and json()
class Comparison {
 public:
  explicit Comparison(std::vector<RunRecord>);
  const std::vector<RunRecord>& runs() const { return runs_; }
  const std::vector<RunEntry>& entries() const { return entries_; }

  Table options() const;  ///< those that differ
  Table results() const;
  RunsFinding finding() const;
  /// Loss, validation and norm of the gradient against the update; thin lines where an entry has several seeds.
  std::vector<Plot> plots() const;
  void fill(Report&, const RunsFinding&) const;
  std::string json() const;

 private:
  std::size_t entry_of(const RunRecord&) const;
  std::vector<RunRecord> runs_;
  std::vector<std::string> differing_;
  std::vector<RunEntry> entries_;
};

}  // namespace ebb::app::runs
