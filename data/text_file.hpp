#pragma once
#include <string>
#include <vector>

namespace ebb {

/// The contents of a text file, plain or gzipped, without a leading byte order mark (U+FEFF). It need not be UTF-8.
///
/// Errors    FileError if it is not readable, is UTF-16 or UTF-32, or is larger than 1 GiB
std::string read_text(const std::string& path);

/// Its lines without their line ends, which may be those of any system.
///
/// Errors    also FileError naming a line that is not UTF-8
std::vector<std::string> read_lines(const std::string& path);

}  // namespace ebb
