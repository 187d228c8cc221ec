#pragma once
#include <map>
#include <string>
#include <vector>

namespace ebb::app {

/// An option that a task declares: known to every command as --NAME, kept in config.toml and with the weights.
struct TaskOption {
  const char* name;  ///< "ahead", for --ahead
  const char* type;  ///< as --help names a value: "N", "NAME", "WHICH"
  const char* help;
  int low = 0, high = 0;  ///< of a whole number; any text if they are equal
  const char* none = "";  ///< a value that says the same as no value

  bool whole() const { return low < high; }
  /// Errors    ValueError "--NAME must be ...", for a text that is no such number
  void check(const std::string& value) const;
};

/// The values of such options by name; one that was not given is an empty text, and the task's own choice.
class TaskValues {
 public:
  TaskValues() = default;
  TaskValues(std::initializer_list<std::pair<const std::string, std::string>> values) : values_(values) {}

  const std::string& operator[](const std::string& name) const;
  std::string& operator[](const std::string& name) { return values_[name]; }  ///< its address stays
  /// What was given, else `own`, which then counts as given.
  const std::string& choose(const std::string& name, const std::string& own);
  int choose_whole(const std::string& name, int own);
  /// Takes the values of `o` for the names that are here.
  void take(const TaskValues& o);
  const std::map<std::string, std::string>& all() const { return values_; }

 private:
  std::map<std::string, std::string> values_;
};

/// All options that registered tasks declare, each once, sorted by name, with the tasks that do.
struct DeclaredTaskOption {
  const TaskOption* option;
  std::vector<std::string> tasks;
};
/// Errors    ValueError if two tasks declare different options of one name
std::vector<DeclaredTaskOption> declared_task_options();

}  // namespace ebb::app
