#pragma once
#include <string>

namespace ebb::app {

/// An output file named by the user. If the path is a link, its target is written and the link is kept; a regular file
/// is replaced atomically. Devices and pipes are written to directly and not replaced.
class OutFile {
 public:
  /// Checks, before the work, that the file can be written; leaves nothing behind and does not wait for a pipe's
  /// reader.
  /// Errors    FileError: it is a folder, its folder can be neither written to nor created, nor does that of its folder
  ///           exist, ...
  explicit OutFile(std::string path);
  const std::string& path() const { return path_; }
  bool is_standard_output() const { return standard_output_; }  ///< a link to it, such as /dev/stdout
  /// Errors    FileError: the disk is full, ...
  void write(const std::string& content) const;

 private:
  void write_into(const std::string& content) const;
  std::string path_, target_;  // target_: the target of links; empty if the file is written to directly
  bool standard_output_ = false;
};

}  // namespace ebb::app
