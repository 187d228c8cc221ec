#include <sys/stat.h>

#include <fmt/format.h>
#include <ebb/experiments/cli/inputs.hpp>
#include <ebb/ops/error.hpp>
#include <filesystem>
#include <map>
#include <mutex>

namespace ebb::app {
namespace {

using FileId = std::pair<dev_t, ino_t>;

bool known_file(const std::string& path, FileId& file, mode_t kind) {
  struct stat about{};
  if (stat(path.c_str(), &about) != 0 || (about.st_mode & S_IFMT) != kind) return false;
  file = {about.st_dev, about.st_ino};
  return true;
}

}  // namespace

struct InputScope::Files {
  std::mutex mutex;
  std::map<FileId, std::string> by_file;  // the user's name for it
  static inline Files* now = nullptr;
};

InputScope::InputScope() : before_(Files::now) { Files::now = new Files; }
InputScope::~InputScope() {
  delete Files::now;
  Files::now = before_;
}

void note_input(const std::string& path) {
  auto* const files = InputScope::Files::now;
  if (!files) return;
  const std::lock_guard lock(files->mutex);
  FileId file;
  if (known_file(path, file, S_IFREG)) files->by_file.emplace(file, path);
  if (!known_file(path, file, S_IFDIR)) return;
  std::error_code error;
  const std::filesystem::directory_iterator end;
  for (std::filesystem::directory_iterator at(path, error); !error && at != end; at.increment(error))
    if (known_file(at->path().string(), file, S_IFREG)) files->by_file.emplace(file, at->path().string());
}

void reject_input(const std::string& path) {
  auto* const files = InputScope::Files::now;
  FileId file;
  if (!files || !known_file(path, file, S_IFREG)) return;
  const std::lock_guard lock(files->mutex);
  if (const auto at = files->by_file.find(file); at != files->by_file.end())
    throw FileError(fmt::format("cannot write to '{}': this command reads {}", path,
                                at->second == path ? "it" : fmt::format("that file, as '{}'", at->second)));
}

}  // namespace ebb::app
