#pragma once
#include <array>

namespace ebb::app {

/// While it lives, the first Ctrl-C (or SIGTERM) only raises a flag, so that what is done can be reported and kept. One
/// more within a second is the same press; a later one kills. SIGHUP (the terminal is gone) and SIGPIPE (who reads what
/// is printed is gone) raise the flag too, and never kill; where they are ignored, as under nohup, they stay so. The
/// flag goes down with the guard.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  std::array<void (*)(int), 4> before_{};
};

bool interrupted();

}  // namespace ebb::app
