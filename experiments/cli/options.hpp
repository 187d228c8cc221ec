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

/// The size of a job: --quick is a toy, --full uses the sizes of the literature.
enum class Size { quick, standard, full };
const char* name_of(Size);

/// A value that each task chooses unless the user sets it: "64" for all tasks, or "adding=32,chars=64".
struct PerTask {
  std::map<std::string, double> given;  ///< "" is the value for every task
  std::optional<double> of(const std::string& task) const;
  double of(const std::string& task, double default_value) const { return of(task).value_or(default_value); }
};

namespace detail {

// Every type that an option may have: parsed from the command line, written for --help and for summary.json.
// Errors: ValueError stating what was expected
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
std::string option_json(const std::optional<int>&);  ///< null, as for PerTask, without a value
std::string option_json(const std::optional<double>&);
std::string option_text(const std::string& json);  ///< the same without quotes and brackets
/// The same in the form that read_option accepts: the items of a list, one word for other types, none without a value.
std::vector<std::string> option_words(const std::string& json);
bool option_is_word(const std::string& json);  ///< whether it is quoted in a file: neither a number nor true or false
bool is_command_name(const std::string&);      ///< whether it consists of letters, digits, dashes and underscores
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
  std::string declared_by{};  ///< if not by the command itself: "the task 'echo' (echo.cpp)"
  bool positional = false, flag = false, list = false, required = false, rest = false;
  bool number = false;                ///< a number, several numbers or a flag
  bool recorded = true, kept = true;  ///< in summary.json; in config.toml
  bool input = false;                 ///< its value is, or may be, a file or folder that is read
  std::function<void(const std::string&)> read;
  std::function<std::string()> json;
  std::function<std::string()> record{};    ///< for summary.json, if it differs from `json`
  std::function<void()> if_quick, if_full;  ///< set the value for that size
  std::vector<std::function<void()>> checks;
  std::string with{};                    ///< an option without which this one is not read
  std::function<std::string()> missing;  ///< why this program cannot run what the value names; see Option::known_by
  bool given = false;
  bool utf8 = true;                  ///< whether the value is UTF-8 and can be recorded
  std::string word;                  ///< of a flag: its word on the command line
  char joint = 0;                    ///< joins the values of an option that is given several times; 0: it is not
  std::vector<std::string> words{};  ///< allowed for the value, or for each item of a list; completed by shells
};

}  // namespace detail

/// Errors    ValueError "unknown KIND 'NAME'; did you mean ...?", or with the known names, unless the name is one of
///           them. KIND is "task", or the option that takes the name. If there are many, `lists` is the command that
///           lists them
void check_name(const std::string& kind, const std::string& name, const std::vector<std::string>& known,
                const char* lists = nullptr);

/// The reason why this program cannot make what a file names, and how to get a program that can; empty if the name is
/// one of those known. KIND is "task" or "cell".
std::string missing_name(const std::string& kind, const std::string& name, const std::vector<std::string>& known);

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
  /// Not in config.toml: it determines where a run is written, not what it does.
  Option& not_kept() { return entry_.kept = false, *this; }
  /// Nor in summary.json.
  Option& unrecorded() { return entry_.recorded = entry_.kept = false, *this; }
  /// Its value is, or may be, a path that is read: it is not overwritten (inputs.hpp).
  Option& reads() { return entry_.input = true, *this; }
  /// In summary.json as this JSON value, for a text that holds a value of another type.
  Option& recorded_as(std::function<std::string(const T&)> json) {
    entry_.record = [&v = value_, json] { return json(v); };
    return *this;
  }
  /// It is read with another option only, as in `with("--record")`: given alone, it is an error.
  Option& with(const char* other) { return entry_.with = other, *this; }
  Option& declared_by(std::string who) { return entry_.declared_by = std::move(who), *this; }
  /// May be given several times: the texts are joined by this character.
  Option& joined_by(char c) { return entry_.joint = c, *this; }
  /// Shells complete these words.
  Option& completes(std::vector<std::string> words) { return entry_.words = std::move(words), *this; }
  /// The value, or each item of a list, is one of these words.
  Option& one_of(std::vector<std::string> words) {
    static_assert(std::is_same_v<T, std::string> || std::is_same_v<T, std::vector<std::string>>);
    completes(std::move(words));
    entry_.checks.push_back([&e = entry_] {
      for (const std::string& word : detail::option_words(e.json())) check_name(e.name, word, e.words);
    });
    return *this;
  }
  /// Its value names something that another program may have and this one lacks, such as a task: `missing` returns the
  /// reason then, or an empty string. A file of options that names it is rejected for that reason, and not for the
  /// options that this program lacks too.
  Option& known_by(std::function<std::string(const T&)> missing) {
    entry_.missing = [&v = value_, missing] { return missing(v); };
    return *this;
  }
  Option& type(const char* word) { return entry_.type = word, *this; }  ///< as --help names it
  /// A custom rule. Errors: ValueError "--name must be RULE" if it does not hold.
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

/// The options of a command, declared once, for the command line, --help, sizes, limits and the record in summary.json.
class Options {
 public:
  /// "--name" (or "--name,-n"), or "NAME" for a positional one; a positional list takes all remaining arguments. The
  /// variable's current value is the default; the variable must outlive the Options.
  template <class T> Option<T> add(const std::string& name, T& value, const std::string& help) {
    detail::OptionEntry& e = entry(name, help);
    e.type = detail::option_type(&value);
    e.flag = std::is_same_v<T, bool>;
    e.list = std::is_same_v<T, std::vector<std::string>>;
    e.rest = e.positional && e.list;
    e.number = !e.list && !std::is_same_v<T, std::string>;
    e.read = [&value, &e](const std::string& text) {
      try {
        detail::read_option(text, value);
        e.utf8 = ebb::detail::is_utf8(text);
      } catch (const ValueError& error) { throw ValueError(e.name + " " + error.what()); }
    };
    e.json = [&value] { return detail::option_json(value); };
    return {e, value};
  }
  /// The option of another command, with its limits: what is read here is set there. That command's Options must
  /// outlive these.
  void share(const detail::OptionEntry& e) { entries_.push_back(std::make_unique<detail::OptionEntry>(e)); }
  void example(const std::string& command) { examples_.push_back(command); }  ///< shown by --help

  /// Sets the values of a size for all options that the user did not set, then checks every limit.
  /// Errors    ValueError if a required option was not given, one was given without the option that it belongs to, or a
  ///           limit does not hold
  void settle(Size);
  const std::vector<std::unique_ptr<detail::OptionEntry>>& entries() const { return entries_; }
  /// Errors    ValueError for an option with an invalid name, or one that is declared twice; it names the declarer
  ///           (`command`, unless declared_by is set)
  void check_names(const std::string& command) const;
  /// The file from which some options were read, empty if there is none.
  const std::string& source() const { return source_; }
  void take_from(std::string file) { source_ = std::move(file); }
  const std::vector<std::string>& examples() const { return examples_; }

 private:
  bool is_given(const std::string& name) const;
  detail::OptionEntry& entry(const std::string& name, const std::string& help);
  std::vector<std::unique_ptr<detail::OptionEntry>> entries_;
  std::vector<std::string> examples_;
  std::string source_;
};

/// Errors    ValueError naming the option, for an empty list, or a word that occurs twice
void check_once(const char* option, const std::vector<std::string>& words);

}  // namespace ebb::app
