#pragma once
#include <cmath>
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/train/train.hpp>

/// The data shared by the files of `ebb dropout`.
namespace ebb::app::dropout_study {

/// One kind of dropout with one seed. Losses are in the task's unit, in evaluation mode, where nothing is dropped.
struct WayRun {
  bool begun = false, done = false;                ///< done: it neither diverged nor was interrupted
  std::string diverged{};                          ///< empty, or where
  std::vector<double> seen{};                      ///< training loss of each update, with its masks
  std::vector<double> update{}, train{}, valid{};  ///< by validation
  std::size_t best = 0;                            ///< index of the best validation
  int stopped = 0;                                 ///< update at which early stopping would have stopped; 0: never
  double test = NAN, test_at_end = NAN;            ///< with the weights of the best validation, and with the last
  void visit(Fields& f) {
    f("begun", begun)("done", done)("diverged", diverged)("seen", seen)("update", update)("train", train);
    f("valid", valid)("best", best)("stopped", stopped)("test", test)("test_at_end", test_at_end);
  }
};
struct Way {
  std::string name;
  std::vector<WayRun> runs{};  ///< by seed
};

/// The task with only the first `part` of the training text of each batch row, which is repeated.
std::unique_ptr<Task> part_of(std::unique_ptr<Task>, double part);

TaskSettings with(TaskSettings, const std::string& way, double p);

void add_to_report(Job&, const std::vector<Way>&, const TaskInfo&, const std::string& settings);
void add_to_summary(Job&, const std::vector<Way>&, const TaskInfo&, const std::string& data);

}  // namespace ebb::app::dropout_study
