#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ebb/experiments/report/gnuplot.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/printable.hpp>
#include <memory>

namespace ebb::app {
namespace {

struct CloseFile {
  void operator()(std::FILE* f) const { std::fclose(f); }
};
using Scratch = std::unique_ptr<std::FILE, CloseFile>;

// Files without a name: unlike pipes, they cannot fill up while the other side waits.
Scratch scratch() {
  Scratch f{std::tmpfile()};
  if (!f) throw FileError(fmt::format("cannot create a temporary file: {}", std::strerror(errno)));
  return f;
}

std::string content(std::FILE* f) {
  std::rewind(f);
  std::string all;
  std::array<char, 1 << 14> block;
  for (std::size_t got; (got = std::fread(block.data(), 1, block.size(), f)) > 0;) all.append(block.data(), got);
  return all;
}

struct Actions {
  posix_spawn_file_actions_t list;
  Actions() { posix_spawn_file_actions_init(&list); }
  ~Actions() { posix_spawn_file_actions_destroy(&list); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
};

}  // namespace

std::string run_gnuplot(const std::string& program) {
  const Scratch in = scratch(), out = scratch(), messages = scratch();
  if (std::fwrite(program.data(), 1, program.size(), in.get()) != program.size() || std::fflush(in.get()) != 0)
    throw FileError(fmt::format("cannot write a temporary file: {}", std::strerror(errno)));
  std::rewind(in.get());
  Actions actions;
  int target = 0;
  for (std::FILE* f : {in.get(), out.get(), messages.get()})
    posix_spawn_file_actions_adddup2(&actions.list, fileno(f), target++);
  // -d: a user's ~/.gnuplot would change the figure.
  std::string name = "gnuplot", option = "-d";
  char* const words[] = {name.data(), option.data(), nullptr};
  pid_t child = 0;
  const int failed = posix_spawnp(&child, "gnuplot", &actions.list, nullptr, words, environ);
  const char* const install = "it is drawn by gnuplot, which was not found: sudo apt-get install gnuplot-nox";
  if (failed == ENOENT) throw Error(install);
  if (failed != 0) throw Error(fmt::format("gnuplot cannot be started: {}", std::strerror(failed)));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) throw Error(install);
  std::string result = content(out.get());
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || result.empty())
    throw Error(fmt::format("gnuplot failed: {}", ebb::detail::printable(content(messages.get()))));
  return result;
}

}  // namespace ebb::app
