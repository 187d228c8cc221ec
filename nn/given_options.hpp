#pragma once
#include <cstdint>
#include <ebb/nn/option_value.hpp>
#include <string>
#include <vector>

namespace ebb {

/// An option of a registered cell, layer, optimiser or schedule.
struct OptionInfo {
  std::string name, default_value, help;  ///< default_value: or all choices "tanh|relu" with the default first
};

/// The options that follow a name, "lion:beta2=.98,decay=.1", queried one by one by the named cell, optimiser, ...
/// These queries define which options exist, for listings and for the check for unknown ones.
///
///     GivenOptions given("lion", "beta2=.98");
///     given("beta1", o.beta1, "weight of the momentum in a step")("beta2", o.beta2, "decay rate of the momentum");
///     given.reject_unknown();
///
/// Errors    ValueError naming owner and option for a value of the wrong kind, a repeated option, text without "=", or
///           an option bound to a variable twice, declared again with another default or help text, or declared with
///           an invalid name or a default that it does not allow
class GivenOptions {
 public:
  GivenOptions() = default;
  /// A value without a name belongs to the option `first`, if there is one: "warmup:500".
  GivenOptions(std::string owner, const std::string& text, const std::string& first = "");
  /// The same for "NAME" or "NAME:OPTIONS".
  static GivenOptions after_name(const std::string& name_and_options, const std::string& first = "");

  const std::string& owner() const { return owner_; }
  OptionValue number(const std::string& name, double default_value, const std::string& help);
  std::int64_t whole(const std::string& name, IntegerArgument default_value, IntegerArgument low, IntegerArgument high,
                     const std::string& help);
  bool flag(const std::string& name, bool default_value, const std::string& help);  ///< "true" or "false", "1" or "0"
  int choice(const std::string& name, const std::string& choices,
             const std::string& help);  ///< position in "tanh|relu", 0 if not given
  std::string word(const std::string& name, const std::string& default_value, const std::string& help);

  /// By the type of a variable, whose current value is the default; each name once.
  GivenOptions& operator()(const char* name, double& x, const char* help);
  GivenOptions& operator()(const char* name, bool& x, const char* help);
  GivenOptions& operator()(const char* name, std::string& x, const char* help);
  GivenOptions& operator()(const char* name, int& x, const char* help);
  GivenOptions& operator()(const char* name, std::int64_t& x, const char* help);

  /// The given value, or null, without adding the option to the list.
  const std::string* unlisted(const std::string& name);
  const std::vector<OptionInfo>& known() const { return known_; }
  /// Errors    ValueError, suggesting the nearest name, if a given option was not queried; `more` is appended to the
  ///           list of options
  void reject_unknown(const std::string& more = "") const;

 private:
  struct Given {
    std::string name, value;
    bool known = false;
  };
  const std::string* asked(const std::string& name, const std::string& default_value, const std::string& help);
  void declared_once(const std::string& name) const;
  [[noreturn]] void declared_wrong(const std::string& name, const std::string& what) const;
  [[noreturn]] void wrong(const std::string& name, const std::string& value, const std::string& what) const;
  std::string list() const;

  std::string owner_;
  std::vector<Given> given_;
  std::vector<OptionInfo> known_;
  std::vector<std::string> unlisted_;
};

/// "rnn" of "rnn:activation=relu".
std::string name_before_options(const std::string& name_and_options);

}  // namespace ebb
