#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// Runs one command from its words, {"train", "adding", "--quick"}, as the program `ebb` does with its arguments. May
/// be called again and again in one process: commands and their options are made anew for each call, and what a command
/// sets for the whole process (the number of threads, a Ctrl-C that was seen) is as before when the call returns.
///
/// Returns   the exit code, as main: 0; 1 for a wrong gradient or a run that diverged; 2 for bad input, or if something
///           that was printed got lost; 130 after Ctrl-C
int run_command(const std::vector<std::string>& words);

}  // namespace ebb::app
