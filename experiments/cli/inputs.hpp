#pragma once
#include <string>

namespace ebb::app {

/// Records a file that a command reads, so that it is not overwritten: files are identified by device and inode,
/// regardless of names and links. A path that is not a regular file (an option's value may not be a path) is ignored;
/// for a folder, the files directly in it are recorded.
void note_input(const std::string& path);
/// Errors    FileError if the file at this path is an input
void reject_input(const std::string& path);

/// The inputs of one command. A command that it calls has a scope of its own.
class InputScope {
 public:
  InputScope();
  ~InputScope();
  InputScope(const InputScope&) = delete;
  InputScope& operator=(const InputScope&) = delete;

 private:
  struct Files;
  Files* const before_;
  friend void note_input(const std::string&);
  friend void reject_input(const std::string&);
};

}  // namespace ebb::app
