#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <charconv>
#include <cstring>
#include <ebb/experiments/train/task.hpp>
#include <ebb/nn/nearest.hpp>
#include <ebb/ops/number.hpp>
#include <iterator>
#include <optional>

namespace ebb::app {
namespace {

std::optional<int> whole_number(const std::string& text) {
  int x = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, x);
  if (error != std::errc{} || stop != end) return {};
  return x;
}

std::optional<double> real_number(const std::string& text) {
  double x = 0;
  if (ebb::detail::parse_number(text, x) != ebb::detail::Parsed::finite) return {};
  return x;
}

bool allowed(const TaskOption& option, const std::string& value) {
  if (const auto* n = std::get_if<WholeNumber>(&option.takes)) {
    const std::optional<int> x = whole_number(value);
    return x && *x >= n->low && *x <= n->high;
  }
  if (const auto* n = std::get_if<RealNumber>(&option.takes)) {
    const std::optional<double> x = real_number(value);
    return x && *x >= n->low && *x <= n->high;
  }
  const std::vector<std::string> words = option.words();
  return words.empty() || std::find(words.begin(), words.end(), value) != words.end();
}

bool same(const TaskOption& a, const TaskOption& b) { return std::strcmp(a.help, b.help) == 0 && a.rule() == b.rule(); }

bool of_one_kind(const TaskOption& a, const TaskOption& b) {
  return a.takes.index() == b.takes.index() && std::strcmp(a.type_name(), b.type_name()) == 0 &&
         std::strcmp(a.none, b.none) == 0;
}

void declare(std::vector<DeclaredTaskOption>& of_name, const TaskEntry& task, const TaskOption& option) {
  for (DeclaredTaskOption& d : of_name) {
    if (d.tasks.back() == task.name)
      throw ValueError(fmt::format("the task '{}' ({}) declares the option --{} twice", task.name,
                                   ebb::detail::file_of(task), option.name));
    if (!of_one_kind(*d.option, option))
      throw ValueError(fmt::format("the tasks '{}' and '{}' declare --{} for different kinds of values",
                                   d.tasks.front(), task.name, option.name));
  }
  for (DeclaredTaskOption& d : of_name)
    if (same(*d.option, option)) return d.tasks.emplace_back(task.name), void();
  of_name.push_back({&option, {task.name}});
}

// For a task that reads an option that it does not declare: a mistake in the task, not in the command line.
std::string undeclared(const char* task, const std::string& name, std::span<const TaskOption> declared) {
  std::vector<std::string> names;
  for (const TaskOption& o : declared) names.emplace_back(o.name);
  const std::string near = nearest(name, names);
  return fmt::format("the task '{}' reads the option '{}', which it does not declare; {}", task, name,
                     !near.empty()   ? fmt::format("did you mean '{}'?", near)
                     : names.empty() ? "it declares none"
                                     : fmt::format("it declares {}", fmt::join(names, ", ")));
}

}  // namespace

const char* TaskOption::type_name() const {
  if (*type) return type;
  return is<WholeNumber>() ? "N" : is<RealNumber>() ? "X" : is<OneOf>() ? "WORD" : "TEXT";
}

const char* TaskOption::reader() const {
  return is<WholeNumber>() ? "choose_whole" : is<RealNumber>() ? "choose_real" : "choose";
}

std::vector<std::string> TaskOption::words() const {
  const auto* const w = std::get_if<OneOf>(&takes);
  return w ? std::vector<std::string>(w->words.begin(), w->words.begin() + static_cast<std::ptrdiff_t>(w->count))
           : std::vector<std::string>{};
}

std::string TaskOption::rule() const {
  if (const auto* n = std::get_if<WholeNumber>(&takes))
    return fmt::format("a whole number from {} to {}", n->low, n->high);
  if (const auto* n = std::get_if<RealNumber>(&takes)) return fmt::format("a number from {} to {}", n->low, n->high);
  return fmt::format("{}", fmt::join(words(), " or "));
}

std::string TaskOption::json(const std::string& value) const {
  const std::optional<double> x = is<WholeNumber>() || is<RealNumber>() ? real_number(value) : std::nullopt;
  if (x) return detail::option_json(*x);
  return value.empty() && (is<WholeNumber>() || is<RealNumber>()) ? "null" : detail::option_json(value);
}

void TaskOption::check(const std::string& value) const {
  if (value.empty() || allowed(*this, value)) return;
  if (is<OneOf>()) return check_name(fmt::format("--{}", name), value, words());
  throw ValueError(fmt::format("--{} must be {}, not '{}'", name, rule(), value));
}

const std::string& TaskValues::operator[](const std::string& name) const {
  static const std::string none;
  const auto at = values_.find(name);
  return at == values_.end() ? none : at->second;
}

const std::string& TaskValues::chosen(const std::string& name, const std::string& own,
                                      bool (*of_kind)(const TaskOption&)) {
  if (task_) check_choice(name, own, of_kind);  // before the default is stored: a rejected one must not count as given
  std::string& value = values_[name];
  if (value.empty()) value = own;
  return value;
}

void TaskValues::check_choice(const std::string& name, const std::string& own,
                              bool (*of_kind)(const TaskOption&)) const {
  const auto at = std::find_if(declared_.begin(), declared_.end(), [&](const TaskOption& o) { return o.name == name; });
  if (at == declared_.end()) throw Error(undeclared(task_, name, declared_));
  if (!of_kind(*at))
    throw Error(fmt::format("the option '{}' of the task '{}' is {}: read it with {}", name, task_,
                            at->rule().empty() ? "a text" : at->rule(), at->reader()));
  const std::string& given = (*this)[name];
  if (at->is<OneOf>() && !given.empty() && !allowed(*at, given))  // a word of another task's option of this name
    throw ValueError(fmt::format("--{} of the task '{}' must be {}, not '{}'", name, task_, at->rule(), given));
  at->check(given);
  if (given.empty() && !own.empty() && !allowed(*at, own))
    throw Error(fmt::format("the default of the option '{}' of the task '{}' must be {}, not '{}'", name, task_,
                            at->rule(), own));
}

const std::string& TaskValues::choose(const std::string& name, const std::string& own) {
  return chosen(name, own, [](const TaskOption& o) { return o.is<AnyText>() || o.is<OneOf>(); });
}

int TaskValues::choose_whole(const std::string& name, IntegerArgument own) {
  const std::string text = own.exact() ? std::to_string(own.value()) : fmt::format("{}", own.written());
  const std::string& value = chosen(name, text, [](const TaskOption& o) { return o.is<WholeNumber>(); });
  const std::optional<int> x = whole_number(value);
  if (!x) throw ValueError(fmt::format("--{} must be a whole number, not '{}'", name, value));
  return *x;
}

double TaskValues::choose_real(const std::string& name, double own) {
  const std::string& value =
      chosen(name, fmt::format("{}", own), [](const TaskOption& o) { return o.is<RealNumber>(); });
  const std::optional<double> x = real_number(value);
  if (!x) throw ValueError(fmt::format("--{} must be a number, not '{}'", name, value));
  return *x;
}

void TaskValues::take(const TaskValues& o) {
  for (auto& [name, value] : values_) value = o[name];
}

std::vector<DeclaredTaskOption> declared_task_options() {
  std::map<std::string, std::vector<DeclaredTaskOption>> all;
  for (const TaskEntry* task : task_list())
    for (const TaskOption& option : task->options) declare(all[option.name], *task, option);
  std::vector<DeclaredTaskOption> list;
  for (auto& [name, of_name] : all) std::move(of_name.begin(), of_name.end(), std::back_inserter(list));
  return list;
}

}  // namespace ebb::app
