#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/ops/rethrow.hpp>

namespace ebb::app {

Task::~Task() = default;
HasNetwork::~HasNetwork() = default;
HasFeedForward::~HasFeedForward() = default;
HasDropout::~HasDropout() = default;
HasMeter::~HasMeter() = default;
HasAlphabet::~HasAlphabet() = default;
Generates::~Generates() = default;
ReadsData::~ReadsData() = default;
AnyLength::~AnyLength() = default;
std::unique_ptr<Task> AnyLength::with_length(int) const { return nullptr; }
FixedLength::~FixedLength() = default;

NetworkDropout with_own(const NetworkDropout& said, const Task& task) {
  const auto* const network = task.as<HasDropout>();
  if (!network) return {};
  const NetworkDropout own = network->own_dropout();
  const auto chosen = [](std::optional<double> x, std::optional<double> by_task) { return by_task && x ? x : by_task; };
  return {chosen(said.input, own.input), chosen(said.output, own.output), chosen(said.words, own.words)};
}

std::vector<const TaskEntry*> task_list() { return Registry<TaskEntry>::list(); }

void check_task_names(const std::vector<std::string>& names) {
  for (const std::string& name : names) check_name("task", name, Registry<TaskEntry>::names(), "ebb tasks");
}

std::string missing_task(const std::string& name) { return missing_name("task", name, Registry<TaskEntry>::names()); }

std::string missing_one_of_tasks(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (const std::string why = missing_task(name); !why.empty()) return why;
  return {};
}

namespace {
// A text may be empty; a number or word that is empty was not read, or was read from a copy of the inputs.
void check_chosen(const TaskEntry& task, const TaskValues& values) {
  for (const TaskOption& o : task.options)
    if (!o.is<AnyText>() && values[o.name].empty())
      throw Error(
          fmt::format("the task '{0}' ({1}) declares the option '{2}' and does not read it from the `Inputs& in` "
                      "that its constructor takes: in.own.{3}(\"{2}\", ...)",
                      task.name, ebb::detail::file_of(task), o.name, o.reader()));
}
}  // namespace

std::unique_ptr<Task> make_task(const std::string& name, const Task::Inputs& inputs) {
  check_task_names({name});
  const TaskEntry& entry = Registry<TaskEntry>::get(name);
  Task::Inputs in = inputs;
  in.own.belong_to(entry.name, entry.options);
  auto task = ebb::detail::named_call("task", entry.name, [&] { return entry.make(in); });
  check_chosen(entry, in.own);
  task->name_ = name;
  task->inputs_ = {.text = in.text, .data = in.data, .own = in.own};
  return task;
}

void check_read(const char* option, const std::string& task, bool given, bool read) {
  if (given && !read) throw ValueError(fmt::format("--{} does not apply to the task '{}'", option, task));
}

void reject_unread(const std::string& name, const Task& task, const Task::Inputs& given) {
  check_read("text", name, !given.text.empty(), task.as<HasAlphabet>());
  check_read("data", name, !given.data.empty(), task.as<ReadsData>());
}

}  // namespace ebb::app
