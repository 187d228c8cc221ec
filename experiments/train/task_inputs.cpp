#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cstring>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/task_inputs.hpp>
#include <set>

namespace ebb::app {
namespace {

/// What tasks declare under one name. The kind of the value is the same.
struct OptionOfTasks {
  std::vector<DeclaredTaskOption> declarations;

  const TaskOption& first() const { return *declarations.front().option; }
  const char* name() const { return first().name; }

  std::string who() const {
    const TaskEntry& task = Registry<TaskEntry>::get(declarations.front().tasks.front());
    return fmt::format("the task '{}' ({})", task.name, ebb::detail::file_of(task));
  }
  std::string help() const {
    std::vector<std::string> all;
    for (const auto& d : declarations) all.push_back(fmt::format("{}: {}", fmt::join(d.tasks, ", "), d.option->help));
    return fmt::format("{}", fmt::join(all, "; "));
  }
  std::vector<std::string> words() const {
    std::vector<std::string> all;
    for (const auto& d : declarations)
      for (const std::string& word : d.option->words())
        if (std::find(all.begin(), all.end(), word) == all.end()) all.push_back(word);
    return all;
  }
  /// Errors    ValueError unless the value is one for some task
  void check(const std::string& value) const {
    if (declarations.size() == 1) return first().check(value);
    std::vector<std::pair<std::string, std::vector<std::string>>> rules;  // with the tasks of each
    for (const auto& d : declarations) {
      try {
        return d.option->check(value);
      } catch (const ValueError&) {
        if (rules.empty() || rules.back().first != d.option->rule()) rules.push_back({d.option->rule(), {}});
        rules.back().second.insert(rules.back().second.end(), d.tasks.begin(), d.tasks.end());
      }
    }
    if (first().is<OneOf>()) return check_name(fmt::format("--{}", name()), value, words());
    std::vector<std::string> all;
    for (const auto& [rule, tasks] : rules)
      all.push_back(rules.size() == 1 ? rule : fmt::format("{} ({})", rule, fmt::join(tasks, ", ")));
    throw ValueError(fmt::format("--{} must be {}, not '{}'", name(), fmt::join(all, " or "), value));
  }
};

std::vector<OptionOfTasks> options_of_tasks() {
  std::vector<OptionOfTasks> all;
  for (const DeclaredTaskOption& d : declared_task_options()) {
    if (all.empty() || std::strcmp(all.back().name(), d.option->name) != 0) all.emplace_back();
    all.back().declarations.push_back(d);
  }
  return all;
}

}  // namespace

void TaskInputs::declare(Options& o, const std::vector<std::string>& but) {
  o.add("--text", text, "text for chars: any UTF-8 or byte file (default: tiny Shakespeare, built in)")
      .type("FILE")
      .reads();
  o.add("--data", data, "file or folder of the task's data, or `generated` (default: from the folder in EBB_DATA)")
      .type("PATH")
      .reads();
  for (const OptionOfTasks& d : options_of_tasks()) {
    if (std::find(but.begin(), but.end(), d.name()) != but.end()) continue;
    auto option = o.add(fmt::format("--{}", d.name()), own[d.name()], d.help());
    option.type(d.first().type_name()).declared_by(d.who());
    option.check([d](const std::string& value) { return d.check(value), true; }, "");
    option.recorded_as([declared = &d.first()](const std::string& value) { return declared->json(value); });
    option.completes(d.words());
    if (d.first().is<AnyText>()) option.reads();
  }
}

// The values of the options that the task declares.
Task::Inputs TaskInputs::given_to(const std::string& task) const {
  Task::Inputs given = *this;
  TaskValues declared;
  for (const TaskOption& o : Registry<TaskEntry>::get(task).options)
    if (own[o.name] != o.none) declared[o.name] = own[o.name];
  given.own = declared;
  return given;
}

std::unique_ptr<Task> TaskInputs::make(const std::string& name) const {
  return std::move(make(std::vector{name}).front());
}

std::vector<std::unique_ptr<Task>> TaskInputs::make(const std::vector<std::string>& names) const {
  check_task_names(names);
  std::vector<std::unique_ptr<Task>> tasks;
  for (const std::string& name : names) tasks.push_back(make_task(name, given_to(name)));
  const auto check = [&](const std::string& option, bool given, const auto& reads) {
    if (given && std::none_of(tasks.begin(), tasks.end(), [&](const auto& task) { return reads(*task); }))
      throw ValueError(fmt::format("--{} does not apply to the task{} '{}'", option, names.size() > 1 ? "s" : "",
                                   fmt::join(names, "', '")));
  };
  check("text", !text.empty(), [](const Task& t) { return t.as<HasAlphabet>() != nullptr; });
  check("data", !data.empty(), [](const Task& t) { return t.as<ReadsData>() != nullptr; });
  for (const OptionOfTasks& d : options_of_tasks()) {
    const std::string& value = own[d.name()];
    check(d.name(), !value.empty() && value != d.first().none,
          [&](const Task& t) { return !t.inputs().own[d.name()].empty(); });
  }
  return tasks;
}

void TaskInputs::keep(const Task::Inputs& chosen) {
  data = chosen.data;
  own.take(chosen.own);  // options point to the values in here
}

void TaskInputs::keep(const std::vector<std::unique_ptr<Task>>& tasks) {
  for (const OptionOfTasks& d : options_of_tasks()) {
    std::set<std::string> values;
    for (const auto& task : tasks)
      if (task->inputs().own.all().count(d.name())) values.insert(task->inputs().own[d.name()]);
    if (values.size() == 1 && own.all().count(d.name())) own[d.name()] = *values.begin();
  }
}

std::map<std::string, std::string> chosen_options(const Task& task) {
  std::map<std::string, std::string> all;
  if (const TaskEntry* const entry = Registry<TaskEntry>::find(task.name()))
    for (const TaskOption& o : entry->options) all[o.name] = o.json(task.inputs().own[o.name]);
  return all;
}

}  // namespace ebb::app
