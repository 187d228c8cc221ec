#pragma once
#include <ebb/ops/parallel.hpp>

namespace ebb::app {

/// Runs what follows on one thread, as long as it lives: for times that do not depend on how many there are.
class OneThread {
 public:
  OneThread() : before_(threads()) { set_threads(1); }
  ~OneThread() { set_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

}  // namespace ebb::app
