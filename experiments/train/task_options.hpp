#pragma once
#include <ebb/experiments/train/task.hpp>

namespace ebb::app {

/// The sizes of training as options: what the user leaves alone, each task chooses (TaskSettings).
struct TaskOptions {
  PerTask hidden, length, batch, steps, lr, clip;
  PerTask layers, dropout, zoneout, patience;
  PerTask input_dropout, output_dropout, word_dropout;  ///< of a task's own network
  std::string optimizer, schedule;                      ///< empty: the task's own
  Task::Inputs inputs;

  void declare(Options&);
  /// Where data stand, and what tasks declare themselves, but for some.
  void declare_inputs(Options&, const std::vector<std::string>& but = {});
  /// Those beyond what a comparison of cells needs: layers and wrappers, optimiser, patience.
  void declare_more(Options&);
  /// A task and its sizes. Errors: ValueError for an unknown task, or an option that the task does not read; what the
  /// task says of its data
  std::unique_ptr<Task> make(const std::string& task) const;
  /// Several, of which one at least must read the text, if there is one.
  std::vector<std::unique_ptr<Task>> make(const std::vector<std::string>& tasks) const;
  TaskSettings settings(const std::string& name, const Task& task, Size size) const {
    TaskSettings s = changed(name, task.settings(size));
    s.network = with_own(s.network, task);
    return s;
  }
  /// These sizes, but for what the user says.
  TaskSettings changed(const std::string& name, TaskSettings) const;
  /// Takes these sizes as if they had been given, so that config.toml holds what was used.
  void keep(const TaskSettings&);
  void keep(const Task::Inputs&);
  /// Errors    ValueError for an option of a task that is not among these, or an optimiser or schedule that cannot be
  void check_names(const std::vector<std::string>& tasks) const;

 private:
  std::unique_ptr<Task> one(const std::string& task) const;
};

}  // namespace ebb::app
