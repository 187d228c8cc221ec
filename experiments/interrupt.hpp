#pragma once

namespace ebb {

/// While it lives, the first Ctrl-C only raises a flag, so that what is done can be reported and kept; a second one kills.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  void (*before_)(int);
};

bool interrupted();

}  // namespace ebb
