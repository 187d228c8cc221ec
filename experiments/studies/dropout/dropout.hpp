#pragma once
#include <cmath>
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/train/train.hpp>

/// What `ebb dropout` learns, between its parts.
namespace ebb::app::dropout_study {

/// One way of dropping out from one seed. Losses are in the task's unit, in evaluation, when nothing is dropped.
struct WayRun {
  bool begun = false, done = false;                ///< done: it neither diverged nor was interrupted
  std::string diverged{};                          ///< empty, or where
  std::vector<double> seen{};                      ///< training loss of each update, with its masks
  std::vector<double> update{}, train{}, valid{};  ///< by validation
  std::size_t best = 0;                            ///< which validation was the best
  int stopped = 0;                                 ///< update at which early stopping would have ended; 0: never
  double test = NAN, test_at_end = NAN;            ///< with the weights of the best validation, and with the last
};
struct Way {
  std::string name;
  std::vector<WayRun> runs{};  ///< by seed
};

/// The task with the first `part` of what each reader reads of its training text, over and over.
std::unique_ptr<Task> part_of(std::unique_ptr<Task>, double part);

TaskSettings with(TaskSettings, const std::string& way, double p);

void add_to_report(Job&, const std::vector<Way>&, const TaskInfo&, const std::string& settings);
void add_to_summary(Job&, const std::vector<Way>&, const TaskInfo&, const std::string& data);

}  // namespace ebb::app::dropout_study
