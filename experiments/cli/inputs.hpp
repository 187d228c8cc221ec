#pragma once
#include <string>

namespace ebb::app {

/// What a command reads, so that nothing is written over it: files are known by device and inode, whatever names or
/// links lead to them. A path that leads to no regular file, as a word of an option that may be one, is passed over; of
/// a folder, its own files are noted.
void note_input(const std::string& path);
/// Errors    FileError if the file there is an input
void reject_input(const std::string& path);

/// The inputs of one command: those of a command that it calls are its own.
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
