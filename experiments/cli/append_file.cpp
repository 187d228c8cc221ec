#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ebb/experiments/cli/append_file.hpp>
#include <ebb/experiments/cli/inputs.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/ops/error.hpp>
#include <filesystem>

namespace ebb::app {
namespace {

[[noreturn]] void reject(const std::string& path, const char* what) {
  throw FileError(fmt::format("{} '{}': {}", what, path, std::strerror(errno)));
}

}  // namespace

AppendFile::AppendFile(std::string path, std::string_view first) : path_(std::move(path)) {
  for (const std::string& file : {path_, path_ + ".part"}) reject_input(file);
  if (!cut_to(first)) replace_by(first);
}

bool AppendFile::cut_to(std::string_view first) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path_, error) || !std::string_view(read_file(path_)).starts_with(first))
    return false;
  file_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file_ >= 0 && ::ftruncate(file_, static_cast<off_t>(first.size())) == 0) return true;
  if (file_ >= 0) ::close(file_);
  return false;
}

void AppendFile::replace_by(std::string_view first) {
  const std::string partial = path_ + ".part";
  file_ = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
  if (file_ < 0) reject(path_, "cannot write to");
  try {
    append(first);
    if (std::rename(partial.c_str(), path_.c_str()) != 0) reject(path_, "cannot write to");
  } catch (...) {
    ::close(file_);
    std::remove(partial.c_str());
    throw;
  }
}

AppendFile::~AppendFile() { ::close(file_); }

void AppendFile::append(std::string_view record) {
  while (!record.empty()) {
    const ssize_t n = ::write(file_, record.data(), record.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) reject(path_, "cannot append to");
    record.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace ebb::app
