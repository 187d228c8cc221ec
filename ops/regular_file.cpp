#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <ebb/ops/error.hpp>
#include <ebb/ops/regular_file.hpp>

namespace ebb::detail {

namespace {

std::string kind_of(unsigned mode) {
  if (S_ISDIR(mode)) return "is a folder, not a file";
  // Most readers read a file twice or seek in it.
  if (S_ISFIFO(mode))
    return "is a pipe, but a regular file is required: write the data to a file first (gzipped text and arrays are "
           "read directly)";
  if (S_ISSOCK(mode)) return "is a socket, not a file";
  return "is a device, not a file";
}

}  // namespace

std::uint64_t regular_file_size(const std::string& path) {
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0) throw FileError(path + ": cannot be read: " + std::strerror(errno));
  if (!S_ISREG(about.st_mode)) throw FileError(path + ": " + kind_of(about.st_mode));
  return static_cast<std::uint64_t>(about.st_size);
}

}  // namespace ebb::detail
