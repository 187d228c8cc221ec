#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/nn/cell_list.hpp>

namespace ebb::app {

Task::~Task() = default;
HasNetwork::~HasNetwork() = default;
HasFeedForward::~HasFeedForward() = default;
HasDropout::~HasDropout() = default;
HasMeter::~HasMeter() = default;
HasAlphabet::~HasAlphabet() = default;
Generates::~Generates() = default;
ReadsData::~ReadsData() = default;
FixedLength::~FixedLength() = default;

NetworkDropout with_own(const NetworkDropout& said, const Task& task) {
  const auto* const network = task.as<HasDropout>();
  if (!network) return {};
  const NetworkDropout own = network->own_dropout();
  const auto chosen = [](std::optional<double> x, std::optional<double> by_task) { return by_task && x ? x : by_task; };
  return {chosen(said.input, own.input), chosen(said.output, own.output), chosen(said.words, own.words)};
}

std::vector<const TaskEntry*> task_list() { return Registry<TaskEntry>::list(); }

void check_name(const char* kind, const std::string& name, const std::vector<std::string>& known, const char* lists) {
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  const std::string near = nearest(name, known);
  const std::string all =
      lists ? fmt::format("`{}` lists them", lists) : fmt::format("there are {}", fmt::join(known, ", "));
  throw ValueError(
      fmt::format("unknown {} '{}'; {}", kind, name, near.empty() ? all : fmt::format("did you mean '{}'?", near)));
}

void check_task_names(const std::vector<std::string>& names) {
  for (const std::string& name : names) check_name("task", name, Registry<TaskEntry>::names(), "ebb tasks");
}

std::unique_ptr<Task> make_task(const std::string& name, const Task::Inputs& inputs) {
  check_task_names({name});
  Task::Inputs in = inputs;
  auto task = Registry<TaskEntry>::get(name).make(in);
  task->inputs_ = {.text = in.text, .data = in.data, .own = in.own};
  return task;
}

void check_read(const char* option, const std::string& task, bool given, bool read) {
  if (given && !read) throw ValueError(fmt::format("--{} says nothing to the task '{}'", option, task));
}

void reject_unread(const std::string& name, const Task& task, const Task::Inputs& given, bool check_text) {
  const auto check = [&](const char* option, bool is_given, bool is_read) {
    check_read(option, name, is_given, is_read);
  };
  check("text", check_text && !given.text.empty(), task.as<HasAlphabet>());
  check("data", !given.data.empty(), task.as<ReadsData>());
  const std::span<const TaskOption> declared = Registry<TaskEntry>::get(name).options;
  for (const auto& [option, value] : given.own.all()) {
    const bool known = std::any_of(declared.begin(), declared.end(),
                                   [&, &option = option](const TaskOption& o) { return o.name == option; });
    check(option.c_str(), !value.empty(), known && !task.inputs().own[option].empty());
  }
}

}  // namespace ebb::app
