#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <ebb/ops/error.hpp>
#include <ebb/ops/new_file.hpp>

namespace ebb::detail {

NewFile::NewFile(const std::string& path) : path_(path) {
  static std::atomic<unsigned> count{0};
  temporary_ = path + "." + std::to_string(::getpid()) + "." + std::to_string(count++) + ".tmp";
  file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file_ < 0) fail("cannot be written");
}

NewFile::~NewFile() {
  if (file_ >= 0) ::close(file_);
  if (!done_) ::unlink(temporary_.c_str());
}

void NewFile::write(const void* data, std::size_t bytes) {
  const char* at = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t n = ::write(file_, at, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("could not be written");
    at += n;
    bytes -= static_cast<std::size_t>(n);
  }
}

void NewFile::publish() {
  if (::fsync(file_) != 0) fail("could not be flushed to the disk");
  const int closed = ::close(file_);
  file_ = -1;
  if (closed != 0) fail("could not be written");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("could not be renamed");
  done_ = true;
  sync_folder();
}

// The rename is durable only after the folder is flushed. Where that is impossible, the file is complete all the same.
void NewFile::sync_folder() const {
  const std::size_t slash = path_.find_last_of('/');
  const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  const int f = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (f < 0) return;
  ::fsync(f);
  ::close(f);
}

void NewFile::fail(const char* what) const { throw FileError(path_ + ": " + what + ": " + std::strerror(errno)); }

}  // namespace ebb::detail
