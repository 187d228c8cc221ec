#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// How another program ended.
struct Ended {
  bool found = false;      ///< false: there is no program of that name
  int code = -1;           ///< its exit code; -1 if a signal ended it
  std::string out{};       ///< what it wrote to standard output
  std::string messages{};  ///< and to standard error
};

/// Runs the program words[0], found in PATH, with these arguments and this input. No shell reads them.
///
/// Errors    Error if the program cannot be started although it exists; FileError if there is no room for its files
Ended run_program(std::vector<std::string> words, const std::string& input = "");

}  // namespace ebb::app
