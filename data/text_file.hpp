#pragma once
#include <string>
#include <vector>

namespace ebb {

/// All of a text, plain or gzipped, without the mark of UTF-8 (U+FEFF) that some programs write first. It need not be
/// UTF-8.
///
/// Errors    FileError: not readable, UTF-16 or UTF-32, larger than 1 GiB
std::string read_text(const std::string& path);

/// Its lines without their ends, whichever system wrote them.
///
/// Errors    also FileError naming a line that is not UTF-8
std::vector<std::string> read_lines(const std::string& path);

}  // namespace ebb
