#include "session.hpp"

#include <algorithm>
#include <chrono>
#include <istream>
#include <ostream>

namespace gradbench {
namespace {

using Clock = std::chrono::steady_clock;

Json timing(const char* name, std::int64_t nanoseconds) { return {{"name", name}, {"nanoseconds", nanoseconds}}; }

template <class F> std::int64_t nanoseconds_of(F&& run) {
  const Clock::time_point start = Clock::now();
  run();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
}

bool has_module(const std::string& module) {
  const auto names = ebb::Registry<Function>::names();
  return std::any_of(names.begin(), names.end(), [&](const auto& name) { return name.starts_with(module + "::"); });
}

Json failure(const std::string& error) { return {{"success", false}, {"error", error}}; }

Json measured(const Function& function, const Json& input) {
  const bool runs = input.is_object();  // the input of `hello` is a number
  const int min_runs = runs ? input.value("min_runs", 1) : 1;
  const double min_nanoseconds = runs ? 1e9 * input.value("min_seconds", 0.0) : 0;

  Problem p;
  Json timings = {timing("prepare", nanoseconds_of([&] { p = function.read(input); }))};
  double total = 0;
  for (int run = 0; run < min_runs || run == 0 || total < min_nanoseconds; ++run) {
    const std::int64_t t = nanoseconds_of(p.compute);
    total += static_cast<double>(t);
    timings.push_back(timing("evaluate", t));
  }
  return {{"success", true}, {"output", p.output()}, {"timings", timings}};
}

}  // namespace

Json evaluate(const std::string& module, const std::string& function, const Json& input) {
  const std::string name = module + "::" + function;
  try {
    return measured(ebb::Registry<Function>::get(name), input);
  } catch (const std::exception& e) { return failure("ebb: " + name + ": " + e.what()); }
}

Json respond(const Json& message) {
  Json response = {{"id", message.at("id")}};
  const std::string kind = message.at("kind");
  if (kind == "start") {
    response["tool"] = "ebb";
  } else if (kind == "define") {
    const std::string module = message.at("module");
    response.update(has_module(module) ? Json{{"success", true}} : failure("ebb: no module " + module));
  } else if (kind == "evaluate") {
    response.update(evaluate(message.at("module"), message.at("function"), message.at("input")));
  }
  return response;
}

void serve(std::istream& messages, std::ostream& responses) {
  for (std::string line; std::getline(messages, line);) responses << respond(Json::parse(line)) << std::endl;
}

}  // namespace gradbench
