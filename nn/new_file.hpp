#pragma once
#include <cstddef>
#include <string>

namespace ebb::detail {

/// A file that appears under its name only when it is complete: written beside it, flushed to the disk and renamed. What
/// stood there before stays until then, and for good if this is destroyed without `publish`.
///
/// Errors    FileError naming the path and the system's reason
class NewFile final {
 public:
  explicit NewFile(const std::string& path);
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile();
  void write(const void* data, std::size_t bytes);
  void publish();

 private:
  [[noreturn]] void fail(const char* what) const;
  void sync_folder() const;
  std::string path_, temporary_;
  int file_ = -1;
  bool done_ = false;
};

}  // namespace ebb::detail
