#include <algorithm>
#include <ebb/experiments/train/generate.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/task.hpp>
#include <ebb/nn/cell_list.hpp>
#include <fmt/format.h>

namespace ebb::app {
namespace {

// Constructed at first use: entries register before main, in any order of files.
std::vector<const TaskEntry*>& task_registry() {
  static std::vector<const TaskEntry*> entries;
  return entries;
}

}  // namespace

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

TaskEntry::TaskEntry(const char* n, const char* a, std::unique_ptr<Task> (*m)(const Task::Inputs&))
    : name(n), about(a), make(m) {
  task_registry().push_back(this);
}

std::vector<const TaskEntry*> task_list() {
  auto sorted = task_registry();
  std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return std::string(a->name) < b->name; });
  return sorted;
}

void check_name(const char* kind, const std::string& name, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  const std::string near = nearest(name, known);
  const std::string word = kind;
  const bool listed = word == "cell" || word == "task";   // by a command
  std::string all;
  for (const std::string& k : known) all += (all.empty() ? "there are " : ", ") + k;
  if (listed) all = fmt::format("`ebb {}s` lists them", word);
  throw ValueError(fmt::format("unknown {} '{}'; {}", kind, name, near.empty() ? all : fmt::format("did you mean '{}'?", near)));
}

void check_task_names(const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const TaskEntry* e : task_list()) known.push_back(e->name);
  for (const std::string& name : names) check_name("task", name, known);
}

std::unique_ptr<Task> make_task(const std::string& name, const Task::Inputs& inputs) {
  check_task_names({name});
  for (const TaskEntry* e : task_registry())
    if (name == e->name) return e->make(inputs);
  return nullptr;
}

void check_read(const char* option, const std::string& task, bool given, bool read) {
  if (given && !read) throw ValueError(fmt::format("--{} says nothing to the task '{}'", option, task));
}

void refuse_unread(const std::string& name, const Task& task, const Task::Inputs& given, bool check_text) {
  const Task::Inputs read = task.inputs();
  const auto check = [&](const char* option, bool is_given, bool is_read) { check_read(option, name, is_given, is_read); };
  check("text", check_text && !given.text.empty(), !read.text.empty());
  check("data", !given.data.empty(), !read.data.empty());
  check("embedding", !given.embedding.empty(), !read.embedding.empty());
  check("direction", !given.direction.empty(), !read.direction.empty());
  check("order", !given.order.empty(), !read.order.empty());
  check("column", !given.column.empty(), !read.column.empty());
  check("ahead", given.ahead > 0, read.ahead > 0);
}

}  // namespace ebb::app
