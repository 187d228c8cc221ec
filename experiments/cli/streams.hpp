#pragma once
#include <string>

namespace ebb::app {

/// Opens the null device on each of descriptors 0 to 2 that was closed by whoever started the program: else the first
/// file that is opened takes the number, and what is printed goes into it.
void open_missing_streams();

/// Prints to standard output. Errors: FileError if it does not get there
void put(const std::string& text);

/// The same at once, for what must not end when nobody can be told: that it was lost is said by with_output.
void put_or_go_on(const std::string& text);

/// What a command returns once everything that it printed has arrived: `code`, or 2 in place of 0, with one line on
/// stderr, if some of it was lost (disk full, ...).
int with_output(const std::string& where, int code);

/// Columns of a terminal: those that COLUMNS says, else those of the descriptor's terminal, else 80.
int terminal_columns(int descriptor);

}  // namespace ebb::app
