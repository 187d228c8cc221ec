#pragma once
#include <string>
#include <string_view>

namespace ebb::app {

/// A file that grows while a job runs. Its initial contents appear atomically: a file that already begins with them is
/// truncated in place, so that programs following the file are not disturbed; otherwise they are written to a temporary
/// file, which is renamed. Each later record is one write system call, so a process that is killed leaves complete
/// records.
///
/// Errors    FileError naming the path and the reason: no such folder, no permission, the disk is full
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
