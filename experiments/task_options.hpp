#pragma once
#include <ebb/experiments/task.hpp>

namespace ebb {

/// The sizes of training as options: what the user leaves alone, each task chooses (TaskSettings).
struct TaskOptions {
  PerTask hidden, length, batch, steps, lr, clip;
  std::string text;

  void declare(Options&);
  /// A task and its sizes. Errors: ValueError for an unknown task, or a task named by an option that is not in the job
  std::unique_ptr<Task> make(const std::string& task) const;
  TaskSettings settings(const std::string& name, const Task&, Size) const;
  /// Takes these sizes as if they had been given, so that config.toml holds what was used.
  void keep(const TaskSettings&);
  void check_names(const std::vector<std::string>& tasks) const;
};

}  // namespace ebb
