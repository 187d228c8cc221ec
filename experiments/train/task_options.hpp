#pragma once
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/task_inputs.hpp>

namespace ebb::app {

/// The inputs of tasks and the training settings as options: each task chooses those that the user does not set
/// (TaskSettings).
struct TaskOptions {
  PerTask hidden, length, batch, steps, lr, clip;
  PerTask layers, dropout, zoneout, patience;
  PerTask input_dropout, output_dropout, word_dropout;  ///< of a task's own network
  std::string optimizer, schedule;                      ///< empty: the task's own
  std::string remedy, checkpoint;                       ///< empty: none
  TaskInputs inputs;

  /// Settings and inputs, except some of the options declared by tasks.
  void declare(Options&, const std::vector<std::string>& but = {});
  void declare_hidden(Options&);  ///< one of these settings, for a command that does not train
  void declare_optimizer(Options&);
  void declare_layers(Options&);
  /// The options that a comparison of cells does not need: layers and wrappers, optimiser, patience.
  void declare_more(Options&);
  /// A task for these sizes. Errors: as TaskInputs::make; ValueError for a size that the task does not read
  std::unique_ptr<Task> make(const std::string& task) const;
  std::vector<std::unique_ptr<Task>> make(const std::vector<std::string>& tasks) const;
  TaskSettings settings(const std::string& name, const Task& task, Size size) const {
    TaskSettings s = changed(name, task_call(task, [&] { return task.settings(size); }));
    s.network = with_own(s.network, task);
    return s;
  }
  /// These sizes, with the user's changes. Errors: ValueError naming the task and the size, if one is out of range
  TaskSettings changed(const std::string& name, TaskSettings) const;
  /// Sets these sizes as if they had been given, so that config.toml records what was used.
  void keep(const TaskSettings&);
  /// Errors    ValueError for an option of a task that is not among these, or an optimiser, a schedule or a remedy that
  ///           cannot be
  void check_names(const std::vector<std::string>& tasks) const;

 private:
  void check_sizes_read(const std::string& name, const Task&) const;
};

}  // namespace ebb::app
