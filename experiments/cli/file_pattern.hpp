#pragma once
#include <regex.h>

#include <string>

namespace ebb::app {

/// A POSIX extended regular expression that a whole file name must match. Not std::regex, which takes longer to
/// compile than the files that use it.
class FilePattern {
 public:
  explicit FilePattern(const std::string& expression) {
    regcomp(&compiled_, ("^(" + expression + ")$").c_str(), REG_EXTENDED | REG_NOSUB);
  }
  ~FilePattern() { regfree(&compiled_); }
  FilePattern(const FilePattern&) = delete;
  FilePattern& operator=(const FilePattern&) = delete;
  bool matches(const std::string& name) const { return regexec(&compiled_, name.c_str(), 0, nullptr, 0) == 0; }

 private:
  regex_t compiled_;
};

}  // namespace ebb::app
