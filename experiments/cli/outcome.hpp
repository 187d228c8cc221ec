#pragma once
#include <functional>
#include <string>

namespace ebb::app {

/// Runs a command's body and returns its exit code. What the body throws becomes one line on stderr, beginning with
/// `where`, and a code:
///
///     2   ebb::Error; errors of files, of the system, of memory and of sizes; what a library says of text that it was given
///     1   anything else, which is a fault of the program and is called an internal error
int outcome_of(const std::string& where, const std::function<int()>& body);

}  // namespace ebb::app
