#pragma once
#include <cstddef>
#include <string>

namespace ebb::detail {

/// A file that appears under its name only when it is complete: written beside its place, flushed to the disk, renamed.
///
/// Errors    FileError if it cannot be written; what was there before is then untouched
class NewFile final {
 public:
  explicit NewFile(const std::string& path);
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile();  ///< leaves nothing behind unless published
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
