#pragma once
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <type_traits>

namespace gradbench {

using Json = nlohmann::json;

/// A function of an eval at one input. Only `compute` is timed; reading the input and writing the output are not.
struct Problem {
  std::function<void()> compute;
  std::function<Json()> output;  ///< of the last compute
};

/// A problem whose result `compute` returns and `write` turns into JSON.
template <class Compute, class Write> Problem problem(Compute compute, Write write) {
  const auto result = std::make_shared<std::invoke_result_t<Compute>>();
  return {[=] { *result = compute(); }, [=] { return write(*result); }};
}

/// A function that this tool implements, as in `const Function f{"lse", "gradient", read};`. All such objects are in
/// one list; they have static storage, and so do their names.
class Function {
 public:
  Function(const char* module, const char* name, Problem (*read)(const Json& input));
  Function(const Function&) = delete;
  Function& operator=(const Function&) = delete;

  Problem read(const Json& input) const { return read_(input); }
  static const Function* find(const std::string& module, const std::string& name);  ///< null if there is none
  static bool has_module(const std::string& module);

 private:
  template <class Matches> static const Function* first_that(Matches);

  const char* module_;
  const char* name_;
  Problem (*read_)(const Json&);
  const Function* next_;
  static inline const Function* first_ = nullptr;
};

}  // namespace gradbench
