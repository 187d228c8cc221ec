#pragma once
#include <iosfwd>

#include "function.hpp"

namespace gradbench {

/// Runs a function at an input at least `min_runs` times (default 1) and for at least `min_seconds` in all (default 0).
///
/// Returns   the response's fields besides its id: success, and output with timings in nanoseconds, or error
Json evaluate(const std::string& module, const std::string& function, const Json& input);

/// The response to one message.
///
/// Source    the protocol of GradBench, CONTRIBUTING.md at github.com/gradbench/gradbench, commit f26651a
Json respond(const Json& message);

/// Answers each line with a line until the end of the input.
void serve(std::istream& messages, std::ostream& responses);

}  // namespace gradbench
