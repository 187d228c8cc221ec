#include <csignal>
#include <ebb/experiments/interrupt.hpp>

namespace ebb {
namespace {
volatile std::sig_atomic_t flag = 0;
void raise_flag(int) {
  flag = 1;
  std::signal(SIGINT, SIG_DFL);
}
}  // namespace

InterruptGuard::InterruptGuard() {
  flag = 0;
  before_ = std::signal(SIGINT, raise_flag);
}
InterruptGuard::~InterruptGuard() { std::signal(SIGINT, before_); }

bool interrupted() { return flag != 0; }

}  // namespace ebb
