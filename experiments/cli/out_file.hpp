#pragma once
#include <string>

namespace ebb::app {

/// A single file that the user named. Through a link its target is written, and the link stays; a regular file appears
/// whole. What is neither, as a device or a pipe, is written into: a file in its place would be another thing.
class OutFile {
 public:
  /// Checks, before the work, that it can be written; nothing stays behind, and no pipe is waited for.
  /// Errors    FileError: it is a folder, its folder can be neither written to nor made, ...
  explicit OutFile(std::string path);
  const std::string& path() const { return path_; }
  /// Errors    FileError: the disk is full, ...
  void write(const std::string& content) const;

 private:
  void write_into(const std::string& content) const;
  std::string path_, target_;  // target_: where links lead; empty if it is written into
  bool standard_output_ = false;
};

}  // namespace ebb::app
