#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ebb/experiments/report/run_program.hpp>
#include <ebb/ops/error.hpp>
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

Ended run_program(std::vector<std::string> words, const std::string& input) {
  const Scratch in = scratch(), out = scratch(), messages = scratch();
  if (std::fwrite(input.data(), 1, input.size(), in.get()) != input.size() || std::fflush(in.get()) != 0)
    throw FileError(fmt::format("cannot write a temporary file: {}", std::strerror(errno)));
  std::rewind(in.get());
  Actions actions;
  int target = 0;
  for (std::FILE* f : {in.get(), out.get(), messages.get()})
    posix_spawn_file_actions_adddup2(&actions.list, fileno(f), target++);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, words[0].c_str(), &actions.list, nullptr, arguments.data(), environ);
  if (failed == ENOENT) return {};
  if (failed != 0) throw Error(fmt::format("{} cannot be started: {}", words[0], std::strerror(failed)));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (code == 127) return {};  // as some systems report a program that does not exist
  return {true, code, content(out.get()), content(messages.get())};
}

}  // namespace ebb::app
