#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ebb/experiments/cli/inputs.hpp>
#include <ebb/experiments/cli/out_file.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/ops/error.hpp>
#include <filesystem>

namespace ebb::app {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void reject_file(const std::string& path, const std::string& why) {
  throw FileError(fmt::format("cannot write to '{}': {}", path, why));
}

bool is_link(const fs::path& path) {
  std::error_code error;
  return fs::is_symlink(path, error);
}

// The target of links, whether or not it exists yet.
fs::path end_of_links(fs::path path) {
  std::error_code error;
  for (int k = 0; k < 40 && is_link(path); ++k) path = path.parent_path() / fs::read_symlink(path, error);
  return path;
}

// A link such as /dev/stdout: if its file were replaced, later output would go to the old, deleted file.
bool leads_to_standard_output(const std::string& path, const struct stat& about) {
  struct stat out{};
  return is_link(path) && fstat(STDOUT_FILENO, &out) == 0 && out.st_dev == about.st_dev && out.st_ino == about.st_ino;
}

RunFolder folder_of(const fs::path& path) { return {path.has_parent_path() ? path.parent_path().string() : ".", true}; }

}  // namespace

OutFile::OutFile(std::string path) : path_(std::move(path)) {
  struct stat about{};
  const bool there = stat(path_.c_str(), &about) == 0;
  if (!there && errno != ENOENT && errno != ENOTDIR) reject_file(path_, std::strerror(errno));
  if ((there && S_ISDIR(about.st_mode)) || path_.ends_with('/')) reject_file(path_, "it is a folder");
  standard_output_ = there && leads_to_standard_output(path_, about);
  if (standard_output_ || (there && !S_ISREG(about.st_mode))) {
    if (!standard_output_ && S_ISSOCK(about.st_mode))
      reject_file(path_, "it is a socket");  // which cannot be opened by its path
    if (!standard_output_ && access(path_.c_str(), W_OK) != 0) reject_file(path_, std::strerror(errno));
    return;
  }
  target_ = end_of_links(path_).string();
  for (const std::string& file : {target_, target_ + ".part"}) reject_input(file);
  check_parent(folder_of(target_).path());
  RunFolder trial = folder_of(target_);
  trial.create();
  trial.discard();
}

void OutFile::write(const std::string& content) const {
  if (target_.empty()) return write_into(content);
  folder_of(target_).create();
  write_whole(target_, content);
}

void OutFile::write_into(const std::string& content) const {
  try_put({});  // flushes earlier output, which must come first
  const int file = standard_output_ ? dup(STDOUT_FILENO) : open(path_.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC);
  if (file < 0) reject_file(path_, std::strerror(errno));
  int why = 0;
  for (std::size_t at = 0; at < content.size() && why == 0;) {
    const ssize_t n = ::write(file, content.data() + at, content.size() - at);
    if (n >= 0) at += static_cast<std::size_t>(n);
    else if (errno != EINTR) why = errno;
  }
  if (close(file) != 0 && why == 0) why = errno;
  if (why != 0) reject_file(path_, std::strerror(why));
}

}  // namespace ebb::app
