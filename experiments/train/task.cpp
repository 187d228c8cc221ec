#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/train/generate.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/task.hpp>
#include <ebb/nn/cell_list.hpp>

namespace ebb::app {

double Batch::weight() const {
  const bool each_step = next || (y && y.rank() == 3);
  if (!lengths || !each_step) return rows();
  double steps = 0;
  for (int row = 0; row < lengths.dim(0); ++row) steps += lengths.data()[row];
  return steps;
}

Task::~Task() = default;
std::unique_ptr<Network> Task::network(const Builder&, const Recurrence&) const { return nullptr; }
std::unique_ptr<Meter> Task::meter() const { return nullptr; }
Generated Task::generate(const Model&, const GenerateRequest&) const { throw ValueError("its task generates nothing"); }

NetworkDropout with_own(const NetworkDropout& said, const Task& task) {
  const NetworkDropout own = task.own_dropout();
  const auto chosen = [](double x, double default_value) { return default_value >= 0 && x >= 0 ? x : default_value; };
  return {chosen(said.input, own.input), chosen(said.output, own.output), chosen(said.words, own.words)};
}

std::vector<const TaskEntry*> task_list() { return Registry<TaskEntry>::list(); }

void check_name(const char* kind, const std::string& name, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  const std::string near = nearest(name, known);
  const std::string word = kind;
  const bool listed = word == "cell" || word == "task";  // by a command
  std::string all;
  for (const std::string& k : known) all += (all.empty() ? "there are " : ", ") + k;
  if (listed) all = fmt::format("`ebb {}s` lists them", word);
  throw ValueError(
      fmt::format("unknown {} '{}'; {}", kind, name, near.empty() ? all : fmt::format("did you mean '{}'?", near)));
}

void check_task_names(const std::vector<std::string>& names) {
  for (const std::string& name : names) check_name("task", name, Registry<TaskEntry>::names());
}

std::unique_ptr<Task> make_task(const std::string& name, const Task::Inputs& inputs) {
  check_task_names({name});
  return Registry<TaskEntry>::get(name).make(inputs);
}

void check_read(const char* option, const std::string& task, bool given, bool read) {
  if (given && !read) throw ValueError(fmt::format("--{} says nothing to the task '{}'", option, task));
}

void reject_unread(const std::string& name, const Task& task, const Task::Inputs& given, bool check_text) {
  const Task::Inputs read = task.inputs();
  const auto check = [&](const char* option, bool is_given, bool is_read) {
    check_read(option, name, is_given, is_read);
  };
  check("text", check_text && !given.text.empty(), !read.text.empty());
  check("data", !given.data.empty(), !read.data.empty());
  const std::span<const TaskOption> declared = Registry<TaskEntry>::get(name).options;
  for (const auto& [option, value] : given.own.all()) {
    const bool known = std::any_of(declared.begin(), declared.end(),
                                   [&, &option = option](const TaskOption& o) { return o.name == option; });
    check(option.c_str(), !value.empty(), known && !read.own[option].empty());
  }
}

}  // namespace ebb::app
