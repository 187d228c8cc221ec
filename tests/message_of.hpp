#pragma once
#include <exception>
#include <string>

namespace test {

/// The message of the E that f throws, or "(nothing was thrown)". Other exceptions propagate.
template <class E, class F> std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& e) { return e.what(); }
  return "(nothing was thrown)";
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace test
