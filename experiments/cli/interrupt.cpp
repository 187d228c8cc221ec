#include <time.h>

#include <array>
#include <atomic>
#include <csignal>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/cli/launch.hpp>
#include <ebb/ranks/ranks.hpp>

namespace ebb::app {
namespace {

constexpr std::array signals{SIGINT, SIGTERM, SIGHUP, SIGPIPE};
constexpr long long bounce = 1'000'000'000;  // ns: repeated signals within this time count as one press
std::atomic<bool> flag{false};
std::atomic<long long> first_signal{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<long long>::is_always_lock_free);

long long now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);  // allowed in a handler
  return static_cast<long long>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

// The terminal, or the reader of the output, is gone; the system may signal that any number of times.
void raise_flag_once(int) {
  if (!flag) first_signal = now();
  flag = true;
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
  for (std::size_t k = 0; k < before_.size(); ++k) {
    const bool of_a_key = signals[k] == SIGINT || signals[k] == SIGTERM;
    before_[k] = std::signal(signals[k], of_a_key ? raise_flag : raise_flag_once);
    if (!of_a_key && before_[k] == SIG_IGN) std::signal(signals[k], SIG_IGN);  // set by nohup or the parent process
  }
}
InterruptGuard::~InterruptGuard() {
  for (std::size_t k = 0; k < before_.size(); ++k) std::signal(signals[k], before_[k]);
  flag = false;  // later work in this process was not interrupted
}

bool signalled() { return flag; }

bool interrupted() { return world() ? world()->raised() : signalled(); }

}  // namespace ebb::app
