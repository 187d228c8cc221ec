#pragma once
#include <ebb/experiments/train/task.hpp>

namespace ebb::app {

/// The inputs of tasks as options of a command that runs any of them: --text, --data, and the options that tasks
/// declare.
struct TaskInputs : Task::Inputs {
  /// All options, except some of those declared by tasks.
  void declare(Options&, const std::vector<std::string>& but = {});
  /// Errors    ValueError for an unknown task, or an option that was given and that it does not read; errors of the
  ///           task about its data
  std::unique_ptr<Task> make(const std::string& task) const;
  /// Several: an option that was given has to be read by one at least.
  std::vector<std::unique_ptr<Task>> make(const std::vector<std::string>& tasks) const;
  /// Sets the values that a task chose as if they had been given, so that config.toml records what was used.
  void keep(const Task::Inputs& chosen);
  /// The same for several tasks, of the options for which all tasks that declare one chose the same value.
  void keep(const std::vector<std::unique_ptr<Task>>&);

 private:
  Task::Inputs given_to(const std::string& task) const;
};

/// The values of all options that the task declares, by name, in JSON.
std::map<std::string, std::string> chosen_options(const Task&);

}  // namespace ebb::app
