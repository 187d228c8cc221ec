#pragma once
#include <ebb/nn/registry.hpp>
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

/// A function that this tool implements, as in `const Function f{"lse::gradient", read};`. All are in
/// ebb::Registry<Function>.
class Function final : public ebb::Registered<Function> {
 public:
  static constexpr const char* kind = "function";
  using Read = Problem (*)(const Json& input);
  Function(const char* name, Read r, const char* file = __builtin_FILE()) : Registered(name, "", file), read(r) {}
  const Read read;
};

}  // namespace gradbench
