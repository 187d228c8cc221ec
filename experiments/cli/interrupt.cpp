#include <time.h>

#include <atomic>
#include <csignal>
#include <ebb/experiments/cli/interrupt.hpp>

namespace ebb::app {
namespace {

constexpr long long bounce = 1'000'000'000;            // ns: a key that bounces is one press
std::atomic<bool> flag{false};
std::atomic<long long> first_signal{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<long long>::is_always_lock_free);

long long now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);                  // allowed in a handler
  return static_cast<long long>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

void raise_flag(int signal) {
  if (!flag) {
    first_signal = now();
    flag = true;
  } else if (now() - first_signal >= bounce) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

}  // namespace

InterruptGuard::InterruptGuard() {
  flag = false;
  before_ = std::signal(SIGINT, raise_flag);
  terminate_before_ = std::signal(SIGTERM, raise_flag);
}
InterruptGuard::~InterruptGuard() {
  std::signal(SIGINT, before_);
  std::signal(SIGTERM, terminate_before_);
}

bool interrupted() { return flag; }

}  // namespace ebb::app
