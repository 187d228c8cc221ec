#pragma once

namespace ebb::app {

/// While it lives, the first Ctrl-C (or SIGTERM) only raises a flag, so that what is done can be reported and kept. One more
/// within a second is the same press; a later one kills.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  void (*before_)(int);
  void (*terminate_before_)(int);
};

bool interrupted();

}  // namespace ebb::app
