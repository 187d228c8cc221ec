#pragma once
#include <ebb/experiments/lengths/scores.hpp>
#include <map>

namespace ebb::app::lengths {

/// A heat map as it is kept in docs/lengths.json.
struct KeptTask {
  std::string measure, unit;
  bool rises = true;
  int trained = 0, seeds = 0;
  std::vector<int> lengths;
  std::vector<double> baselines;
  struct Row {
    std::vector<double> means, deviations;  ///< by length; NaN: no seed ended, or fewer than two
    std::string date, version, machine;     ///< "2026-01-31"; "0.2.0 at 1a2b3c4"; "2 threads, AMD EPYC"
  };
  std::map<std::string, Row> cells;  ///< by name
  std::string command;               ///< "ebb train parity ...", without the cell
};
using KeptTasks = std::map<std::string, KeptTask>;

/// Reads the stored results; none if the file does not exist yet. Errors: FileError naming the file if it is not one of
/// these
KeptTasks read_lengths(const std::string& path);
std::string lengths_json(const KeptTasks&);

/// Before a run of these cells, tasks and lengths: that each stored cell stays or is measured again.
/// Errors    ValueError naming a task of which other cells were measured in another way, and that way
void check_kept(const KeptTasks&, const std::vector<TaskScores>&, const std::map<std::string, std::string>& commands,
                std::size_t seeds);

/// Takes over the cells of a run. Those of an earlier one stay if it trained and tested the task in the same way, or if
/// a trial of theirs failed now.
void keep(KeptTasks&, const std::vector<TaskScores>&, const std::map<std::string, std::string>& commands, int threads);

/// The stored results in the form in which figures are drawn: one seed of each cell, with its mean.
std::vector<TaskScores> scores_of(const KeptTasks&);

/// The page as Markdown: for each task a figure, `figure_file(task)`, in the folder `images`, and a table.
std::string lengths_page(const KeptTasks&, const std::string& images);
std::string figure_file(const std::string& task);  ///< "lengths-parity.svg"

}  // namespace ebb::app::lengths
