#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <ebb/experiments/cli/options.hpp>
#include <ebb/nn/nearest.hpp>
#include <ebb/nn/option_name.hpp>
#include <ebb/ops/lower_case.hpp>
#include <ebb/ops/number.hpp>
#include <nlohmann/json.hpp>

namespace ebb::app {

using nlohmann::json;

const char* name_of(Size s) { return s == Size::quick ? "quick" : s == Size::full ? "full" : "standard"; }

std::optional<double> PerTask::of(const std::string& task) const {
  if (auto own = given.find(task); own != given.end()) return own->second;
  if (auto all = given.find(""); all != given.end()) return all->second;
  return std::nullopt;
}

namespace detail {
namespace {

template <class T> void read_number(const std::string& text, T& x, const char* kind) {
  const char* end = text.data() + text.size();
  T parsed{};
  const auto [stop, error] = std::from_chars(text.data(), end, parsed);
  if (error == std::errc::result_out_of_range) throw ValueError("is out of range: " + text);
  if (error != std::errc{} || stop != end) throw ValueError("must be " + std::string(kind) + ", not '" + text + "'");
  x = parsed;
}

// A cell's options follow its name after a colon and are also separated by commas: "rnn:activation=relu,bias=0,lstm" is
// two items.
std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> items;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string item = text.substr(at, comma - at);
    const bool continues = item.find('=') != std::string::npos && item.find(':') == std::string::npos &&
                           !items.empty() && items.back().find(':') != std::string::npos;
    if (continues) items.back() += "," + item;
    else items.push_back(item);
    at = comma + 1;
  }
  return items;
}

}  // namespace

void read_option(const std::string& text, int& x) { read_number(text, x, "a whole number"); }
void read_option(const std::string& text, std::uint64_t& x) { read_number(text, x, "a whole number of 0 or more"); }
void read_option(const std::string& text, double& x) {
  double parsed = 0;
  using ebb::detail::Parsed;
  const Parsed kind = ebb::detail::parse_number(text, parsed);
  if (kind == Parsed::none) throw ValueError("must be a number, not '" + text + "'");
  if (kind == Parsed::special) throw ValueError("must be a finite number, not '" + text + "'");
  if (kind == Parsed::too_large) throw ValueError("is out of range: " + text);
  x = parsed;
}
void read_option(const std::string& text, bool& x) {
  if (text != "true" && text != "false") throw ValueError("must be true or false, not '" + text + "'");
  x = text == "true";
}
void read_option(const std::string& text, std::string& x) {
  if (text.empty()) throw ValueError("must not be empty");
  x = text;
}
void read_option(const std::string& text, std::vector<std::string>& x) {
  x = split_list(text);
  for (const std::string& item : x)
    if (item.empty()) throw ValueError("has an empty entry: '" + text + "'");
}
void read_option(const std::string& text, PerTask& x) {
  PerTask read;
  for (const std::string& item : split_list(text)) {
    const std::size_t equals = item.find('=');
    if (equals == 0) throw ValueError("must be X or NAME=X,..., not '" + text + "'");
    const std::string task = equals == std::string::npos ? "" : item.substr(0, equals);
    double value = 0;
    try {
      read_option(equals == std::string::npos ? item : item.substr(equals + 1), value);
    } catch (const ValueError& e) {
      throw ValueError(std::string(e.what()) + (task.empty() ? "; NAME=X sets the value for one name" : ""));
    }
    if (!read.given.emplace(task, value).second)
      throw ValueError((task.empty() ? "gives two values for all tasks: '" : "names the task '" + task + "' twice: '") +
                       text + "'");
  }
  x = read;
}

namespace {
template <class T> void read_some(const std::string& text, std::optional<T>& x) {
  T value{};
  read_option(text, value);
  x = value;
}
std::string dumped(const json& x) { return x.dump(-1, ' ', false, json::error_handler_t::replace); }
}  // namespace
void read_option(const std::string& text, std::optional<int>& x) { read_some(text, x); }
void read_option(const std::string& text, std::optional<double>& x) { read_some(text, x); }

std::string option_json(int x) { return std::to_string(x); }
std::string option_json(std::uint64_t x) { return std::to_string(x); }
std::string option_json(double x) {
  return std::abs(x) < 1e15 && x == std::floor(x) ? fmt::format("{:.0f}", x) : json(x).dump();
}
std::string option_json(bool x) { return x ? "true" : "false"; }
// Text that is not UTF-8 is rejected where it would be recorded (config_text).
std::string option_json(const std::string& x) { return dumped(x); }
std::string option_json(const std::vector<std::string>& x) { return dumped(x); }
std::string option_json(const PerTask& x) {
  if (x.given.empty()) return "null";
  if (auto all = x.given.find(""); all != x.given.end() && x.given.size() == 1) return option_json(all->second);
  json by_task;
  for (const auto& [task, value] : x.given) by_task[task.empty() ? "others" : task] = json::parse(option_json(value));
  return dumped(by_task);
}
std::string option_json(const std::optional<int>& x) { return x ? option_json(*x) : "null"; }
std::string option_json(const std::optional<double>& x) { return x ? option_json(*x) : "null"; }

std::string option_text(const std::string& text) {
  const json value = json::parse(text);
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "chosen by each task";
  if (value.is_object()) {
    std::string all;
    for (const auto& [key, x] : value.items()) all += (all.empty() ? "" : ", ") + key + "=" + x.dump();
    return all;
  }
  if (!value.is_array()) return text;
  std::string joined;
  for (const json& item : value) joined += (joined.empty() ? "" : ",") + item.get<std::string>();
  return joined;
}

std::vector<std::string> option_words(const std::string& text) {
  const json value = json::parse(text);
  if (value.is_null() || value == "") return {};
  if (value.is_array()) return value.get<std::vector<std::string>>();
  if (!value.is_object()) return {option_text(text)};
  std::string all;
  for (const auto& [task, x] : value.items())
    all += (all.empty() ? "" : ",") + (task == "others" ? "" : task + "=") + x.dump();
  return {all};
}

bool option_is_word(const std::string& text) {
  const json value = json::parse(text);
  return value.is_string() || value.is_object();
}

bool is_command_name(const std::string& name) { return ebb::detail::is_option_name(ebb::detail::lower_case(name)); }

const char* option_type(const int*) { return "N"; }
const char* option_type(const std::uint64_t*) { return "N"; }
const char* option_type(const double*) { return "X"; }
const char* option_type(const bool*) { return ""; }
const char* option_type(const std::string*) { return "TEXT"; }
const char* option_type(const std::vector<std::string>*) { return "A,B,..."; }
const char* option_type(const PerTask*) { return "[TASK=]X,..."; }
const char* option_type(const std::optional<int>*) { return "N"; }
const char* option_type(const std::optional<double>*) { return "X"; }

}  // namespace detail

void check_name(const std::string& kind, const std::string& name, const std::vector<std::string>& known,
                const char* lists) {
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  const std::string near = nearest(name, known);
  const std::string all =
      lists ? fmt::format("`{}` lists them", lists) : fmt::format("there are {}", fmt::join(known, ", "));
  throw ValueError(
      fmt::format("unknown {} '{}'; {}", kind, name, near.empty() ? all : fmt::format("did you mean '{}'?", near)));
}

std::string missing_name(const std::string& kind, const std::string& name, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), name) != known.end()) return {};
  const std::string near = nearest(name, known);
  return fmt::format(
      "this program has no {0} '{1}'{2}: use the program that was built with that {0}, or add the {0}'s file to this "
      "one with ebb_add_cells (docs/install.md)",
      kind, name, near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near));
}

detail::OptionEntry& Options::entry(const std::string& name, const std::string& help) {
  auto e = std::make_unique<detail::OptionEntry>();
  e->name = name;
  e->help = help;
  e->positional = name[0] != '-';
  entries_.push_back(std::move(e));
  return *entries_.back();
}

void Options::check_names(const std::string& command) const {
  std::map<std::string, std::string> seen{{"--help", ""}};  // value: who declared it, empty for the command
  for (const auto& e : entries_) {
    const std::string name = e->name.substr(0, e->name.find(','));
    const std::string& other = e->declared_by;
    const std::string bare = e->positional            ? ebb::detail::lower_case(name)
                             : name.starts_with("--") ? name.substr(2)
                                                      : std::string();
    if (!ebb::detail::is_option_name(bare)) ebb::detail::check_option_name(other.empty() ? command : other, name);
    if (name == "--config" && !other.empty()) seen[name] = "";  // every command has it; an experiment may replace it
    const auto [before, first] = seen.emplace(name, other);
    if (first) continue;
    const std::string& who = other.empty() ? before->second : other;
    throw ValueError(who.empty()
                         ? fmt::format("{} declares the option {} twice", command, name)
                         : fmt::format("{} declares the option {}, but {} already declares it: choose another name",
                                       who, name, command));
  }
}

bool Options::is_given(const std::string& name) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& e) { return e->name == name && e->given; });
}

void Options::settle(Size size) {
  for (auto& e : entries_) {
    if (e->required && !e->given) throw ValueError(e->name + " is required");
    // The file of a job that is resumed has all options.
    if (e->given && !e->with.empty() && source_.empty() && !is_given(e->with))
      throw ValueError(fmt::format("{} is read only with {}", e->name, e->with));
    if (!e->given && size == Size::quick && e->if_quick) e->if_quick();
    if (!e->given && size == Size::full && e->if_full) e->if_full();
    for (auto& check : e->checks) check();
  }
}

void check_once(const char* option, const std::vector<std::string>& words) {
  if (words.empty()) throw ValueError(fmt::format("{} needs at least one value", option));
  for (auto word = words.begin(); word != words.end(); ++word)
    if (std::find(words.begin(), word, *word) != word)
      throw ValueError(fmt::format("{} names '{}' twice", option, *word));
}

}  // namespace ebb::app
