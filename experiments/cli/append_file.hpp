#pragma once
#include <string>
#include <string_view>

namespace ebb::app {

/// A file that grows while a job runs. What it holds at first appears whole: a file that begins with it already is cut
/// to it in its place, so that whoever follows the file can go on; else it is written beside it and renamed. Each
/// record that follows is one write to the system, so that a process that is killed leaves whole records.
///
/// Errors    FileError naming the path and why: no such folder, no rights, the disk is full
class AppendFile {
 public:
  AppendFile(std::string path, std::string_view first);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  void append(std::string_view record);

 private:
  bool cut_to(std::string_view first);
  void replace_by(std::string_view first);
  std::string path_;
  int file_ = -1;
};

}  // namespace ebb::app
