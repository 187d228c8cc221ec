#pragma once
#include <ebb/experiments/report/report.hpp>
#include <ebb/experiments/runs/finding.hpp>
#include <ebb/experiments/runs/run_record.hpp>
#include <string>
#include <vector>

namespace ebb::app::runs {

/// Runs side by side. A run is called by the values of the options in which it differs from the others, "gru, lr=0.01",
/// or by its name where that is not unique.
///
/// Errors    FileError if the summary or a learning curve of a run is damaged: finding(), plots(), fill() and json()
class Comparison {
 public:
  explicit Comparison(std::vector<RunRecord>);
  const std::vector<RunRecord>& runs() const { return runs_; }
  const std::vector<std::string>& labels() const { return labels_; }

  Table options() const;  ///< those that differ
  Table results() const;
  RunsFinding finding() const;
  /// Loss, validation and norm of the gradient against the update; thin lines where a run has several seeds.
  std::vector<Plot> plots() const;
  void fill(Report&, const RunsFinding&) const;
  std::string json() const;

 private:
  std::vector<RunRecord> runs_;
  std::vector<std::string> differing_, labels_;
};

}  // namespace ebb::app::runs
