#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/ops/error.hpp>
#include <iostream>

namespace ebb::app {
namespace {

int why_lost = 0;  // errno of the first write to standard output that failed

std::string lost() {
  return fmt::format("cannot write to standard output: {}",
                     why_lost != 0 ? std::strerror(why_lost) : "some of it was lost");
}

}  // namespace

void open_missing_streams() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor)
    if (fcntl(descriptor, F_GETFD) == -1 && errno == EBADF)
      (void)!open("/dev/null", O_RDWR);  // gets the lowest free descriptor
}

void put(const std::string& text) {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return;
  if (why_lost == 0) why_lost = errno;
  throw FileError(lost());
}

void try_put(const std::string& text) {
  errno = 0;
  if ((std::fputs(text.c_str(), stdout) == EOF || std::fflush(stdout) != 0) && why_lost == 0) why_lost = errno;
}

int with_output(const std::string& where, int code) {
  try_put({});  // before std::cout, which would also flush but not report the reason
  std::cout.flush();
  const bool fine = why_lost == 0 && std::ferror(stdout) == 0 && std::cout.good();
  if (!fine && code == 0) std::fputs(fmt::format("{}: {}\n", where, lost()).c_str(), stderr);
  std::clearerr(stdout);  // for the next command of this process
  std::cout.clear();
  why_lost = 0;
  return fine || code != 0 ? code : 2;
}

int terminal_columns(int descriptor) {
  constexpr int least = 40, most = 10'000;
  if (const char* said = std::getenv("COLUMNS"))
    if (const int n = std::atoi(said); n > 0 && n <= most) return n < least ? least : n;
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col < least ? least : size.ws_col;
}

}  // namespace ebb::app
