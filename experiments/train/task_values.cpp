#include <fmt/format.h>
#include <charconv>
#include <cstring>
#include <ebb/experiments/train/task.hpp>
#include <optional>

namespace ebb::app {
namespace {

bool same(const TaskOption& a, const TaskOption& b) {
  return std::strcmp(a.type, b.type) == 0 && std::strcmp(a.help, b.help) == 0 && a.low == b.low && a.high == b.high &&
         std::strcmp(a.none, b.none) == 0;
}

std::optional<int> whole_number(const std::string& text) {
  int x = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, x);
  if (error != std::errc{} || stop != end) return {};
  return x;
}

}  // namespace

void TaskOption::check(const std::string& value) const {
  if (!whole() || value.empty()) return;
  const std::optional<int> x = whole_number(value);
  if (!x || *x < low || *x > high)
    throw ValueError(fmt::format("--{} must be a whole number from {} to {}, not '{}'", name, low, high, value));
}

const std::string& TaskValues::operator[](const std::string& name) const {
  static const std::string none;
  const auto at = values_.find(name);
  return at == values_.end() ? none : at->second;
}

const std::string& TaskValues::choose(const std::string& name, const std::string& own) {
  std::string& value = values_[name];
  if (value.empty()) value = own;
  return value;
}

int TaskValues::choose_whole(const std::string& name, int own) {
  const std::string& value = choose(name, std::to_string(own));
  const std::optional<int> x = whole_number(value);
  if (!x) throw ValueError(fmt::format("--{} must be a whole number, not '{}'", name, value));
  return *x;
}

void TaskValues::take(const TaskValues& o) {
  for (auto& [name, value] : values_) value = o[name];
}

std::vector<DeclaredTaskOption> declared_task_options() {
  std::map<std::string, DeclaredTaskOption> all;
  for (const TaskEntry* task : task_list())
    for (const TaskOption& option : task->options) {
      DeclaredTaskOption& declared = all.try_emplace(option.name, DeclaredTaskOption{&option, {}}).first->second;
      if (!same(*declared.option, option))
        throw ValueError(fmt::format("the tasks '{}' and '{}' declare different options --{}", declared.tasks.front(),
                                     task->name, option.name));
      declared.tasks.emplace_back(task->name);
    }
  std::vector<DeclaredTaskOption> list;
  for (auto& [name, declared] : all) list.push_back(std::move(declared));
  return list;
}

}  // namespace ebb::app
