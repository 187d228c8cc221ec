#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/task_inputs.hpp>
#include <set>

namespace ebb::app {
namespace {

std::string who_declared(const DeclaredTaskOption& d) {
  const TaskEntry& task = Registry<TaskEntry>::get(d.tasks.front());
  return fmt::format("the task '{}' ({})", task.name, ebb::detail::file_of(task));
}

}  // namespace

void TaskInputs::declare(Options& o, const std::vector<std::string>& but) {
  o.add("--text", text, "text for chars: any UTF-8 or byte file (default: tiny Shakespeare, built in)")
      .type("FILE")
      .reads();
  o.add("--data", data, "file or folder of the task's data, or `generated` (default: from the folder in EBB_DATA)")
      .type("PATH")
      .reads();
  for (const DeclaredTaskOption& d : declared_task_options()) {
    if (std::find(but.begin(), but.end(), d.option->name) != but.end()) continue;
    auto option = o.add(fmt::format("--{}", d.option->name), own[d.option->name],
                        fmt::format("{}: {}", fmt::join(d.tasks, ", "), d.option->help));
    option.type(d.option->type_name()).declared_by(who_declared(d));
    option.check([declared = d.option](const std::string& value) { return declared->check(value), true; }, "");
    option.recorded_as([declared = d.option](const std::string& value) { return declared->json(value); });
    option.completes(d.option->words());
    if (d.option->is<AnyText>()) option.reads();
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
  for (const DeclaredTaskOption& d : declared_task_options()) {
    const std::string& value = own[d.option->name];
    check(d.option->name, !value.empty() && value != d.option->none,
          [&](const Task& t) { return !t.inputs().own[d.option->name].empty(); });
  }
  return tasks;
}

void TaskInputs::keep(const Task::Inputs& chosen) {
  data = chosen.data;
  own.take(chosen.own);  // options point to the values in here
}

void TaskInputs::keep(const std::vector<std::unique_ptr<Task>>& tasks) {
  for (const DeclaredTaskOption& d : declared_task_options()) {
    std::set<std::string> values;
    for (const auto& task : tasks)
      if (task->inputs().own.all().count(d.option->name)) values.insert(task->inputs().own[d.option->name]);
    if (values.size() == 1 && own.all().count(d.option->name)) own[d.option->name] = *values.begin();
  }
}

std::map<std::string, std::string> chosen_options(const Task& task) {
  std::map<std::string, std::string> all;
  if (const TaskEntry* const entry = Registry<TaskEntry>::find(task.name()))
    for (const TaskOption& o : entry->options) all[o.name] = o.json(task.inputs().own[o.name]);
  return all;
}

}  // namespace ebb::app
