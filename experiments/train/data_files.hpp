#pragma once
#include <ebb/data/text_file.hpp>
#include <string>
#include <vector>

namespace ebb::app {

/// Which files a task reads, and what to say to one who has none.
struct DataFiles {
  const char* task;
  std::vector<std::string> names;    ///< all in one folder
  std::vector<std::string> folders;  ///< where they may stand below the folder given; "" is that folder itself
  std::vector<std::string>
      elsewhere;         ///< folders to look into if none was given, such as that of a package of the system
  const char* expected;  ///< what the files hold, and where they are to be had
};

/// The folder that has them all: below `given` (--data), else below EBB_DATA, else one of `elsewhere`.
/// Errors    FileError saying which file is missing where, and what is expected
std::string find_data(const DataFiles&, const std::string& given);

/// "5,331 lines, CRC-32C 1a2b3c4d": so that a run does not go on with other data.
std::string fingerprint(const std::vector<std::string>& lines);

}  // namespace ebb::app
