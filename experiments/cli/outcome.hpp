#pragma once
#include <functional>
#include <string>

namespace ebb::app {

/// Runs a command's body and returns its exit code. An exception thrown by the body becomes one line on stderr,
/// beginning with `where`, and an exit code:
///
///     2   ebb::Error; errors of files, of the system, of memory and of sizes; parse errors of a library
///     1   anything else, which is a bug in the program and reported as an internal error
int outcome_of(const std::string& where, const std::function<int()>& body);

/// Prints "where: what" to stderr, or on one of several ranks leaves it to rank 0, and returns the code.
int complain(const std::string& where, const std::string& what, int code);

}  // namespace ebb::app
