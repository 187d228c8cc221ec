#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <ebb/experiments/runs/scan.hpp>
#include <ebb/ops/error.hpp>
#include <memory>
#include <string_view>

namespace ebb::app::runs {
namespace {

constexpr int deepest = 6;

struct CloseDirectory {
  void operator()(DIR* d) const { closedir(d); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

std::int64_t nanoseconds(const timespec& t) { return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; }

// File systems count time in ticks of some milliseconds: what changed just now may change again within one.
std::int64_t settled_stamp(int parent, const std::string& name, const struct stat& folder) {
  constexpr std::int64_t tick = 100'000'000;
  std::int64_t latest = nanoseconds(folder.st_mtim);
  auto stamp = static_cast<std::uint64_t>(latest);
  std::string path = name;
  for (const char* file : {"/run.json", "/summary.json", "/notes.json"}) {
    struct stat about{};
    path.replace(name.size(), std::string::npos, file);
    const bool there = fstatat(parent, path.c_str(), &about, 0) == 0;
    const std::int64_t time = there ? nanoseconds(about.st_mtim) : 0;
    latest = std::max(latest, time);
    stamp = (stamp ^ static_cast<std::uint64_t>(time)) * 1099511628211u;
  }
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return nanoseconds(now) - latest < tick ? 0 : static_cast<std::int64_t>(stamp | 1);
}

bool may_be_run(std::string_view name) { return !name.starts_with('.') && name != "figures" && name != "tensorboard"; }

// The type of an entry, by another call where the file system does not list it.
bool is_folder(const dirent& e, int parent, struct stat& about) {
  if (e.d_type != DT_DIR && e.d_type != DT_UNKNOWN) return false;
  return fstatat(parent, e.d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(about.st_mode);
}

void visit_below(int parent, const char* path, const std::string& prefix, int depth,
                 const std::function<bool(const Folder&)>& enter) {
  const int descriptor = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const Directory directory{descriptor < 0 ? nullptr : fdopendir(descriptor)};
  if (!directory) {
    const int why = errno;
    if (descriptor >= 0) close(descriptor);
    if (depth == 0) throw FileError(fmt::format("cannot read the folder '{}': {}", path, std::strerror(why)));
    return;
  }
  while (const dirent* const e = readdir(directory.get())) {
    struct stat about{};
    if (!may_be_run(e->d_name) || !is_folder(*e, descriptor, about)) continue;
    const Folder folder{prefix + e->d_name, settled_stamp(descriptor, e->d_name, about)};
    if (enter(folder) && depth + 1 < deepest) visit_below(descriptor, e->d_name, folder.name + "/", depth + 1, enter);
  }
}

}  // namespace

void visit_folders(const std::string& root, const std::function<bool(const Folder&)>& enter) {
  visit_below(AT_FDCWD, root.c_str(), "", 0, enter);
}

std::int64_t stamp_of(const std::string& folder) {
  struct stat about{};
  return stat(folder.c_str(), &about) == 0 ? settled_stamp(AT_FDCWD, folder, about) : 0;
}

bool has_folders(const std::string& folder) {
  bool any = false;
  try {
    visit_folders(folder, [&](const Folder&) {
      any = true;
      return false;
    });
  } catch (const FileError&) {  // it has just been removed
  }
  return any;
}

}  // namespace ebb::app::runs
