#pragma once
#include <ebb/data/text_file.hpp>
#include <string>
#include <vector>

namespace ebb::app {

/// The files that a task reads, and the message if they are missing.
struct DataFiles {
  const char* task;
  std::vector<std::string> names;      ///< all in one folder
  std::vector<std::string> folders;    ///< possible subfolders of the given folder; "" is that folder itself
  std::vector<std::string> elsewhere;  ///< folders to search if none was given, such as that of a system package
  const char* expected;                ///< what the files contain, and where to get them
};

/// The folder that contains all of them: below `given` (--data), else below EBB_DATA, else one of `elsewhere`.
/// Errors    FileError stating which file is missing where, or that the place is no folder, and what is expected
std::string find_data(const DataFiles&, const std::string& given);

/// The absolute path of a single file that was given as data.
/// Errors    FileError why it cannot be read (it does not exist, is a pipe, ...), followed by `expected`
std::string data_file(const std::string& given, const char* expected);

/// "5,331 lines, CRC-32C 1a2b3c4d": so that a run is not resumed with different data.
std::string fingerprint(const std::vector<std::string>& lines);

}  // namespace ebb::app
