#pragma once
#include <array>
#include <concepts>
#include <ebb/nn/option_value.hpp>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace ebb::app {

/// The allowed values of a task's option: any text, a number from `low` to `high`, or one of some words.
struct AnyText {};
struct WholeNumber {
  int low, high;
};
struct RealNumber {
  double low, high;
};
struct OneOf {
  static constexpr std::size_t most = 32;
  template <std::convertible_to<const char*>... W> constexpr OneOf(W... w) : count(sizeof...(w)), words{w...} {
    static_assert(sizeof...(w) <= most, "an option has at most 32 words: declare it as AnyText and check it yourself");
  }
  std::size_t count;
  std::array<const char*, most> words;
};

/// An option declared by a task: accepted as --NAME by every command that runs the task, and recorded in config.toml
/// and with the weights:
///
///     static constexpr TaskOption options[] = {
///         {.name = "lag", .help = "delay of the output in steps", .takes = WholeNumber{1, 99}},
///         {.name = "noise", .help = "fraction of tokens that are replaced", .takes = RealNumber{0, 1}},
///         {.name = "order", .help = "order of the rows: kept or reversed", .takes = OneOf{"kept", "reversed"}}};
struct TaskOption {
  const char* name;  ///< "ahead", for --ahead
  const char* type =
      "";  ///< the value in --help: "NAME", or "FILE", which shells complete; by default N, X, WORD or TEXT
  const char* help = "";  ///< --help precedes it by the names of its tasks
  std::variant<AnyText, WholeNumber, RealNumber, OneOf> takes = AnyText{};
  const char* none = "";  ///< a value that is equivalent to no value

  template <class Kind> bool is() const { return std::holds_alternative<Kind>(takes); }
  const char* type_name() const;
  const char* reader() const;                        ///< the function of TaskValues that reads it
  std::vector<std::string> words() const;            ///< of a OneOf
  std::string rule() const;                          ///< "a whole number from 0 to 9"; empty for any text
  std::string json(const std::string& value) const;  ///< of the option's type; null for a number without a value
  /// Errors    ValueError "--NAME must be RULE, not 'VALUE'"; an empty value means no value
  void check(const std::string& value) const;
};

/// The values of such options by name; one that was not given is an empty text, and the task chooses it.
class TaskValues {
 public:
  TaskValues() = default;
  TaskValues(std::initializer_list<std::pair<const std::string, std::string>> values) : values_(values) {}

  const std::string& operator[](const std::string& name) const;
  std::string& operator[](const std::string& name) { return values_[name]; }  ///< its address is stable
  /// The given value, else `own`, which then counts as given.
  /// Errors    Error if the task does not declare an option of this name (it lists the declared ones) or of this kind,
  ///           or if the option does not allow the value
  const std::string& choose(const std::string& name, const std::string& own);  ///< a text or word
  int choose_whole(const std::string& name, IntegerArgument own);
  double choose_real(const std::string& name, double own);
  /// Copies the values of `o` for the names in this object.
  void take(const TaskValues& o);
  const std::map<std::string, std::string>& all() const { return values_; }

  /// Declares that these are the values of this task's options: no others can be chosen.
  void belong_to(const char* task, std::span<const TaskOption> declared) {
    task_ = task;
    declared_ = declared;
  }

 private:
  const std::string& chosen(const std::string& name, const std::string& own, bool (*of_kind)(const TaskOption&));
  void check_choice(const std::string& name, const std::string& own, bool (*of_kind)(const TaskOption&)) const;
  const char* task_ = nullptr;
  std::span<const TaskOption> declared_;
  std::map<std::string, std::string> values_;
};

/// An option and the tasks that declare it so: others may give the same name words, a range or help of their own.
struct DeclaredTaskOption {
  const TaskOption* option;
  std::vector<std::string> tasks;
};
/// Of all tasks, by name. Errors: ValueError if one name is declared for values of two kinds, or twice by one task
std::vector<DeclaredTaskOption> declared_task_options();

}  // namespace ebb::app
