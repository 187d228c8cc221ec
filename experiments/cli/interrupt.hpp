#pragma once
#include <array>

namespace ebb::app {

/// During its lifetime, the first Ctrl-C (or SIGTERM) only sets a flag, so that results so far can be reported and
/// kept. Another one within a second counts as the same press; a later one kills the process. SIGHUP (the terminal was
/// closed) and SIGPIPE (the reader of the output has exited) also set the flag but never kill; if they are ignored, as
/// under nohup, they stay ignored. The flag goes down with the guard.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  std::array<void (*)(int), 4> before_{};
};

/// Whether the command is to end soon. Of several ranks, all say the same between two updates (Ranks::raise).
bool interrupted();
/// Whether this process has received a signal.
bool signalled();

}  // namespace ebb::app
