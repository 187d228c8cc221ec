#pragma once
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/papers/row_result.hpp>
#include <ebb/experiments/sweep/runner.hpp>

namespace ebb::app::papers {

/// The rows of a protocol at one size: which are run, their trials, and what became of them.
class PaperRun {
 public:
  /// Reads every row's options and makes its task. Errors: those of RowTraining
  PaperRun(const Protocol&, Size, std::vector<std::uint64_t> seeds);

  struct Entry {
    const Experiment* experiment;
    const Row* row;
    std::vector<std::unique_ptr<RowTraining>> trainings;  ///< one for each rate
    Cost cost{};                                          ///< of one seed at one rate, if it was measured
    bool run = true;
    std::string name() const { return experiment->name + "." + row->name; }
  };
  const std::vector<Entry>& entries() const { return entries_; }

  /// Measures the cost of every row of which it is not known. `each` is called after each of them.
  void measure_costs(const std::function<void(const Entry&)>& each);
  /// The costs that are known, as JSON, and from JSON that was written for the same protocol. Errors: FileError naming
  /// `file`
  std::string costs_json() const;
  void read_costs(const std::string& json, const std::string& file);
  /// Leaves out rows that would take longer than so many seconds on this number of threads.
  void leave_out(double seconds, int threads);
  /// Seconds that a row takes with all seeds if the threads are idle; NaN if its cost is not known.
  double wall(const Entry&, int threads) const;
  /// The same for all rows that are run.
  double wall(int threads) const;

  /// A sweep over the rows that are run.
  sweep::Plan plan() const;
  /// The results of all rows; `runner` is null before the trials.
  std::vector<RowResult> results(const sweep::Plan&, const sweep::Runner* runner, int threads) const;

 private:
  double runs(const Entry& e) const { return static_cast<double>(seeds_.size() * e.trainings.size()); }
  std::vector<Entry> entries_;
  std::vector<std::uint64_t> seeds_;
};

}  // namespace ebb::app::papers
