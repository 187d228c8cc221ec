#pragma once
#include <ebb/experiments/cli/options.hpp>
#include <ebb/experiments/lengths/scores.hpp>
#include <ebb/experiments/sweep/runner.hpp>
#include <ebb/experiments/sweep/trial_training.hpp>

namespace ebb::app::lengths {

/// What `ebb length` trains: cells and tasks by name, and the options of `ebb train` that were given.
struct Request {
  std::vector<std::string> cells, tasks;              ///< `all` in place of cells: every cell that can be trained
  std::vector<int> times{1, 2, 4, 8, 16};             ///< multiples of the length of training
  std::vector<const detail::OptionEntry*> options{};  ///< of the command: those that `ebb train` has too
};

/// Every cell on every task.
class LengthRun {
 public:
  /// Errors    ValueError for an unknown cell or task (with the nearest), a task that has one length, an option that no
  ///           task reads; those of TrialTraining, naming cell and task, except where `all` stands for the cells
  LengthRun(const Request&, Size, std::vector<std::uint64_t> seeds);

  struct Entry {
    std::string task, cell;
    std::unique_ptr<sweep::TrialTraining> training;
    sweep::Cost cost{};  ///< of one seed, if it was measured
    std::string name() const { return task + "." + cell; }
  };
  const std::vector<Entry>& entries() const { return entries_; }
  /// Why some cells are not on some task, where `all` stands for the cells: "parity.tall: ...".
  const std::vector<std::string>& left_out() const { return left_out_; }

  /// Measures the cost of each entry of which it is not known; `each` is called after it.
  void measure_costs(const std::function<void(const Entry&)>& each);
  /// The costs that are known, as JSON, and from JSON that was written for the same cells and tasks. Errors: FileError
  /// naming `file`
  std::string costs_json() const;
  void read_costs(const std::string& json, const std::string& file);
  /// Seconds of everything on this number of idle threads; NaN if the cost is not known.
  double wall(int threads) const;

  sweep::Plan plan() const;
  /// By task; `runner` is null before the trials.
  std::vector<TaskScores> scores(const sweep::Plan&, const sweep::Runner* runner) const;

 private:
  void add(const Request&, const std::string& task, const std::string& cell, Size);
  std::vector<Entry> entries_;
  std::vector<std::string> left_out_;
  std::vector<std::uint64_t> seeds_;
  std::vector<std::string> tasks_;
};

/// The cells that `all` stands for: every registered one but the reference systems of observe/systems, which have no
/// weights to train.
std::vector<std::string> all_cells();

}  // namespace ebb::app::lengths
