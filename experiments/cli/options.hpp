#pragma once
#include <cstdint>
#include <ebb/ops/error.hpp>
#include <ebb/ops/utf8.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ebb::app {

/// How big a job is: --quick is a toy, --full takes the literature's sizes.
enum class Size { quick, standard, full };
const char* name_of(Size);

/// A number that tasks choose themselves unless the user says otherwise: "64" for all of them, or "adding=32,chars=64".
struct PerTask {
  std::map<std::string, double> given;  ///< "" stands for every task
  std::optional<double> of(const std::string& task) const;
  double of(const std::string& task, double default_value) const { return of(task).value_or(default_value); }
};

namespace detail {

// Every type that an option may have: read from the command line, written for --help and for summary.json.
// Errors: ValueError saying what was expected
void read_option(const std::string& text, int&);
void read_option(const std::string& text, std::uint64_t&);
void read_option(const std::string& text, double&);
void read_option(const std::string& text, bool&);
void read_option(const std::string& text, std::string&);
void read_option(const std::string& text, std::vector<std::string>&);
void read_option(const std::string& text, PerTask&);
void read_option(const std::string& text, std::optional<int>&);
void read_option(const std::string& text, std::optional<double>&);
std::string option_json(int);
std::string option_json(std::uint64_t);
std::string option_json(double);
std::string option_json(bool);
std::string option_json(const std::string&);
std::string option_json(const std::vector<std::string>&);
std::string option_json(const PerTask&);
std::string option_json(const std::optional<int>&);  ///< null, as of PerTask, where there is none
std::string option_json(const std::optional<double>&);
std::string option_text(const std::string& json);  ///< the same without quotes and brackets
/// The same as read_option takes it: the items of a list, one word of all else, none where there is no value.
std::vector<std::string> option_words(const std::string& json);
bool option_is_word(const std::string& json);  ///< to be quoted in a file: neither a number nor true or false
const char* option_type(const int*);
const char* option_type(const std::uint64_t*);
const char* option_type(const double*);
const char* option_type(const bool*);
const char* option_type(const std::string*);
const char* option_type(const std::vector<std::string>*);
const char* option_type(const PerTask*);
const char* option_type(const std::optional<int>*);
const char* option_type(const std::optional<double>*);

struct OptionEntry {
  std::string name, help, type;
  bool positional = false, flag = false, list = false, required = false, rest = false;
  bool recorded = true, kept = true;  ///< in summary.json; in config.toml
  bool input = false;                 ///< names a file or folder that is read, or may do so
  std::function<void(const std::string&)> read;
  std::function<std::string()> json;
  std::function<void()> if_quick, if_full;  ///< take the value of that size
  std::vector<std::function<void()>> checks;
  bool given = false;
  bool utf8 = true;  ///< what was given, so that it can be recorded
  std::string word;  ///< of a flag: what the command line says
};

}  // namespace detail

/// One declared option; refine it where it is declared: `o.add("--hidden", hidden, "width").at_least(1).quick(16)`.
template <class T> class Option {
 public:
  Option(detail::OptionEntry& e, T& v) : entry_(e), value_(v) {}
  Option& quick(T v) { return entry_.if_quick = set(static_cast<T&&>(v)), *this; }  ///< value under --quick
  Option& full(T v) { return entry_.if_full = set(static_cast<T&&>(v)), *this; }    ///< value under --full
  Option& at_least(T low) {
    return check([low](const T& v) { return v >= low; }, "at least " + detail::option_json(low));
  }
  Option& above(T low) {
    return check([low](const T& v) { return v > low; }, "above " + detail::option_json(low));
  }
  Option& at_most(T high) {
    return check([high](const T& v) { return v <= high; }, "at most " + detail::option_json(high));
  }
  Option& required() { return entry_.required = true, *this; }
  /// Not in config.toml: it says where a run is written, not what it does.
  Option& not_kept() { return entry_.kept = false, *this; }
  /// Nor in summary.json.
  Option& unrecorded() { return entry_.recorded = entry_.kept = false, *this; }
  /// It names what is read, or may: nothing is written over it (inputs.hpp).
  Option& reads() { return entry_.input = true, *this; }
  Option& type(const char* word) { return entry_.type = word, *this; }  ///< as --help names it
  /// Any rule of one's own. Errors: ValueError "--name must be RULE" if it does not hold.
  Option& check(std::function<bool(const T&)> holds, const std::string& rule) {
    entry_.checks.push_back([&e = entry_, &v = value_, holds, rule] {
      if (!holds(v))
        throw ValueError(e.name + " must be " + rule + ", not " + detail::option_text(detail::option_json(v)));
    });
    return *this;
  }

 private:
  std::function<void()> set(T v) {
    return [&target = value_, v] { target = v; };
  }
  detail::OptionEntry& entry_;
  T& value_;
};

/// The options of a command, declared once: command line, --help, sizes, limits and the record in summary.json follow.
class Options {
 public:
  /// "--name" (or "--name,-n"), or "NAME" for a positional one; a positional list takes all that is left. The value
  /// that the variable has is the standard one; the variable outlives the Options.
  template <class T> Option<T> add(const std::string& name, T& value, const std::string& help) {
    detail::OptionEntry& e = entry(name, help);
    e.type = detail::option_type(&value);
    e.flag = std::is_same_v<T, bool>;
    e.list = std::is_same_v<T, std::vector<std::string>>;
    e.rest = e.positional && e.list;
    e.read = [&value, &e](const std::string& text) {
      try {
        detail::read_option(text, value);
        e.utf8 = ebb::detail::is_utf8(text);
      } catch (const ValueError& error) { throw ValueError(e.name + " " + error.what()); }
    };
    e.json = [&value] { return detail::option_json(value); };
    return {e, value};
  }
  void example(const std::string& command) { examples_.push_back(command); }  ///< shown by --help

  /// Takes the values of a size for all options that the user left alone, then checks every limit.
  /// Errors    ValueError if a required one was not given, or a limit does not hold
  void settle(Size);
  const std::vector<std::unique_ptr<detail::OptionEntry>>& entries() const { return entries_; }
  /// The file from which some of them were read, empty if there is none.
  const std::string& source() const { return source_; }
  void take_from(std::string file) { source_ = std::move(file); }
  const std::vector<std::string>& examples() const { return examples_; }

 private:
  detail::OptionEntry& entry(const std::string& name, const std::string& help);
  std::vector<std::unique_ptr<detail::OptionEntry>> entries_;
  std::vector<std::string> examples_;
  std::string source_;
};

}  // namespace ebb::app
