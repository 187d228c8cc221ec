#pragma once
#include <string>

namespace ebb::app {

/// Opens the null device on each of the descriptors 0 to 2 that was closed by the parent process: otherwise the first
/// file that is opened would get the number, and output would go into it.
void open_missing_streams();

/// Prints to standard output. Errors: FileError if that fails
void put(const std::string& text);

/// The same, flushed, for code that must continue after a failure: with_output reports the lost output at the end.
void try_put(const std::string& text);

/// The exit code of a command after its output has been flushed: `code`, or 2 instead of 0, with one line on stderr, if
/// some output was lost (disk full, ...).
int with_output(const std::string& where, int code);

/// Columns of a terminal: COLUMNS if set, otherwise those of the descriptor's terminal, otherwise 80.
int terminal_columns(int descriptor);

}  // namespace ebb::app
