#pragma once
#include <cstddef>
#include <string>

namespace ebb::detail {

/// A file that appears under its name only when complete: written to a temporary file beside it, flushed and renamed.
///
/// Errors    FileError if it cannot be written; an existing file is then left unchanged
class NewFile final {
 public:
  explicit NewFile(const std::string& path);
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile();  ///< removes the temporary file unless it was published
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
