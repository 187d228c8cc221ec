#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <ebb/experiments/cli/file_pattern.hpp>
#include <ebb/experiments/cli/inputs.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/nn/nearest.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/regular_file.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

namespace ebb::app {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void reject_folder(const std::string& path, const std::string& why) {
  throw FileError(fmt::format("cannot write to '{}': {}", path, why));
}

// The nearest existing parent folder, which must be writable.
fs::path nearest_parent(fs::path path) {
  path = fs::absolute(path).lexically_normal();
  while (!fs::exists(path) && path.has_parent_path() && path != path.parent_path()) path = path.parent_path();
  return path;
}

}  // namespace

RunFolder::RunFolder(std::string path, bool force) : path_(std::move(path)) {
  std::error_code error;
  const fs::file_status status = fs::status(path_, error);
  if (fs::exists(status) && !fs::is_directory(status)) reject_folder(path_, "it is a file, not a folder");
  if (fs::is_directory(status)) {
    const bool empty = fs::is_empty(path_, error);
    if (error) reject_folder(path_, error.message());
    if (!empty && !force)
      throw FileError(fmt::format("folder '{}' is not empty; use --force to write into it anyway", path_));
  }
  try {
    const fs::path parent = nearest_parent(path_);
    if (!fs::is_directory(parent)) reject_folder(path_, fmt::format("'{}' is not a folder", parent.string()));
    if (access(parent.c_str(), W_OK | X_OK) != 0) reject_folder(path_, std::strerror(errno));
  } catch (const fs::filesystem_error& e) { reject_folder(path_, e.code().message()); }
}

RunFolder RunFolder::of_its_own(std::string path) {
  RunFolder folder(std::move(path), true);
  folder.own_ = true;
  return folder;
}

RunFolder RunFolder::of_another(std::string path) {
  RunFolder folder;
  folder.path_ = std::move(path);
  return folder;
}

// The process that creates a folder owns it: create_directory succeeds for one process only.
void RunFolder::claim() {
  const std::string first = path_;
  std::error_code error;
  for (int k = 2; !fs::create_directory(path_, error); ++k) {
    if (!fs::exists(path_)) reject_folder(path_, error ? error.message() : "it was removed in the meantime");
    path_ = fmt::format("{}-{}", first, k);
  }
  made_.push_back(fs::absolute(path_).lexically_normal().string());
}

void RunFolder::create() {
  std::vector<fs::path> missing;
  const fs::path whole = fs::absolute(path_).lexically_normal();
  for (fs::path p = own_ ? whole.parent_path() : whole; !fs::exists(p) && p != p.parent_path(); p = p.parent_path())
    if (p.has_filename()) missing.insert(missing.begin(), p);
  std::error_code error;
  for (const fs::path& p : missing) {
    if (fs::create_directory(p, error)) made_.push_back(p.string());
    if (error) break;
  }
  if (own_ && !error) claim();
  // For root, access() may succeed although the file system refuses (read-only, /proc): only writing can tell.
  const std::string probe = path_ + "/.ebb-probe";
  std::FILE* f = error ? nullptr : std::fopen(probe.c_str(), "w");
  const std::string why = error ? error.message() : std::strerror(errno);
  if (!f) {
    discard();
    reject_folder(path_, why);
  }
  std::fclose(f);
  fs::remove(probe, error);
}

void write_whole(const std::string& target, const std::string& content) {
  const std::string partial = target + ".part";
  for (const std::string& path : {target, partial}) reject_input(path);
  std::FILE* f = std::fopen(partial.c_str(), "wb");
  if (!f) reject_folder(target, std::strerror(errno));
  const bool whole = std::fwrite(content.data(), 1, content.size(), f) == content.size();
  const bool flushed =
      std::fflush(f) == 0 && (fsync(fileno(f)) == 0 || errno == EINVAL);  // not supported by every file system
  const bool closed = std::fclose(f) == 0;
  if (!whole || !flushed || !closed || std::rename(partial.c_str(), target.c_str()) != 0) {
    const std::string why = std::strerror(errno);
    std::remove(partial.c_str());
    reject_folder(target, why);
  }
}

void RunFolder::write(const std::string& name, const std::string& content) {
  write_whole(path_ + "/" + name, content);
  note(name);
}

void RunFolder::note(const std::string& name) {
  const std::lock_guard lock(*noting_);
  if (std::find(written_.begin(), written_.end(), name) == written_.end()) written_.push_back(name);
}

void RunFolder::make_parents(const std::string& name) {
  const fs::path parent = (fs::path(path_) / name).parent_path();
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) reject_folder(parent.string(), error.message());
}

void RunFolder::lock() {
  const int folder = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  lock_ = {nullptr, [folder](void*) { close(folder); }};
  for (int left = 10; flock(folder, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; --left) {
    // other errors: a file system without locks
    if (left == 0) throw FileError(fmt::format("folder '{}' is in use: another run is writing into it", path_));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));  // folder_in_use() holds it for a moment
  }
}

bool folder_in_use(const std::string& path) {
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return false;
  const bool taken = flock(folder, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(folder);
  return taken;
}

void RunFolder::sweep() const {
  static const FilePattern unfinished{R"(.*(\.part|\.[0-9]+\.[0-9]+\.tmp))"};
  std::error_code error;
  std::vector<fs::path> found;
  const fs::recursive_directory_iterator end;
  for (fs::recursive_directory_iterator at(path_, error); !error && at != end; at.increment(error))
    if (at->is_regular_file(error) && unfinished.matches(at->path().filename().string())) found.push_back(at->path());
  for (const fs::path& p : found) fs::remove(p, error);
}

void RunFolder::discard() {
  std::error_code ignored;
  while (!made_.empty() && fs::remove(made_.back(), ignored)) made_.pop_back();
  made_.clear();
}

void check_parent(const std::string& folder) {
  const fs::path whole = (fs::absolute(folder) / "").lexically_normal().parent_path(), parent = whole.parent_path();
  std::error_code error;
  if (fs::exists(fs::status(whole, error)) || fs::exists(fs::status(parent, error))) return;
  const std::string there = nearest_parent(parent).string();
  reject_folder(folder, fmt::format("of its parent folders only '{}' exists; create the others first", there));
}

std::string writer_of(const std::string& folder) {
  const auto text = [&](const char* name) {
    std::error_code none;
    return fs::is_regular_file(folder + name, none) ? read_file(folder + name) : std::string();
  };
  const auto recorded = nlohmann::json::parse(text("/summary.json"), nullptr, false);
  if (recorded.is_object() && recorded.contains("command") && recorded["command"].is_string())
    return recorded["command"].get<std::string>();
  // While a job runs, its summary may be missing. The first line is that of config_text.
  const std::string config = text("/config.toml"), begin = "# To repeat this run: ebb ";
  return config.starts_with(begin) ? config.substr(begin.size(), config.find(' ', begin.size()) - begin.size())
                                   : std::string();
}

void check_writer(const std::string& folder, const std::string& command) {
  const std::string writer = writer_of(folder);
  if (!writer.empty() && writer != command)
    throw FileError(
        fmt::format("'{}' was written by `ebb {}`, but a folder of `ebb {}` is expected", folder, writer, command));
}

void check_run_folder(const std::string& folder) {
  std::error_code none;
  const auto is_run = [&](const fs::path& path) { return fs::exists(path / "config.toml", none); };
  if (is_run(folder)) return;
  const fs::path whole = (fs::path(folder) / "").lexically_normal().parent_path();
  std::vector<std::string> names, others;  // of folders that are, and their paths
  for (const fs::path& in : {whole.parent_path(), fs::path("runs")})
    for (fs::directory_iterator at(in.empty() ? "." : in, none), end; !none && at != end; at.increment(none))
      if (is_run(at->path())) {
        names.push_back(at->path().filename().string());
        others.push_back((in / names.back()).string());
      }
  const auto same = std::find(names.begin(), names.end(), whole.filename().string());
  const auto found =
      same != names.end() ? same : std::find(names.begin(), names.end(), nearest(whole.filename().string(), names));
  const std::string near = found == names.end() ? "" : others[static_cast<std::size_t>(found - names.begin())];
  throw FileError(fmt::format(
      "'{}' is not the folder of a run{}{}", folder, fs::is_directory(folder, none) ? ": it has no config.toml" : "",
      near.empty() ? "; `ebb runs list` lists those in runs/" : fmt::format("; did you mean '{}'?", near)));
}

std::string time_stamp() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &local);
  return text;
}

std::string read_file(const std::string& path) {
  const auto fail = [&](const char* why) { throw FileError(fmt::format("{}: {}", path, why)); };
  (void)ebb::detail::regular_file_size(path);
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "rbe"), &std::fclose};
  if (!file) fail(std::strerror(errno));
  std::FILE* const f = file.get();
  std::string content;
  char block[1 << 16];
  constexpr std::size_t most = std::size_t{1} << 30;  // a file may grow while it is read
  for (std::size_t got; content.size() <= most && (got = std::fread(block, 1, sizeof block, f)) > 0;)
    content.append(block, got);
  const bool failed = std::ferror(f) != 0;
  if (content.size() > most) fail("is larger than 1 GiB");
  if (failed) fail("cannot be read to its end");
  return content;
}

}  // namespace ebb::app
