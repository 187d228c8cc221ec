#include <unistd.h>

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ebb/experiments/cli/progress.hpp>
#include <ebb/experiments/cli/streams.hpp>

namespace ebb::app {
std::string duration_text(double seconds) {
  if (seconds < 9.95) return fmt::format("{:.1f} s", std::max(seconds, 0.0));
  const long whole = std::lround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

Progress::Progress(double total, std::chrono::milliseconds interval)
    : total_(total), terminal_(isatty(STDERR_FILENO) == 1) {
  if (!terminal_) lines_ = std::jthread([this, interval](const std::stop_token& stop) { print_lines(stop, interval); });
}

Progress::~Progress() { clear(); }

void Progress::advance(double work, const std::string& what) {
  const std::lock_guard lock(mutex_);
  done_ += work;
  if (!what.empty()) what_ = what;
  const auto now = Clock::now();
  if (!terminal_ || now - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = now;
  draw();
}

void Progress::skip(double work) {
  const std::lock_guard lock(mutex_);
  total_ -= work;
}

void Progress::clear() {
  const std::lock_guard lock(mutex_);
  if (visible_) std::fputs("\r\033[K", stderr);
  visible_ = false;
}

Progress::State Progress::state() const {
  const double share = total_ > 0 ? std::clamp(done_ / total_, 0.0, 1.0) : 1.0;
  const double spent = std::chrono::duration<double>(Clock::now() - started_).count();
  return {share, spent, share > 0.01 ? duration_text(spent * (1 - share) / share) + " left" : "..."};
}

void Progress::draw() {
  constexpr int width = 20;
  const State now = state();
  std::string bar;
  for (int k = 0; k < width; ++k) bar += k < now.share * width ? "█" : "░";
  const std::string head = fmt::format(" {:3.0f} %  {}  ", 100 * now.share, now.left);
  const std::size_t room = static_cast<std::size_t>(
      std::max(0, terminal_columns(STDERR_FILENO) - width - static_cast<int>(head.size()) - 1));
  fmt::print(stderr, "\r{}{}{}\033[K", bar, head, what_.substr(0, room));
  std::fflush(stderr);
  visible_ = true;
}

// In a thread of its own, which sleeps: a single piece of work may take an hour.
void Progress::print_lines(const std::stop_token& stop, std::chrono::milliseconds interval) {
  std::unique_lock lock(mutex_);
  for (auto next = Clock::now() + interval;; next += interval) {
    if (ended_.wait_until(lock, stop, next, [&] { return stop.stop_requested(); })) return;
    const State now = state();
    fmt::print(stderr, "{:3.0f} %  {} so far, {}  {}\n", 100 * now.share, duration_text(now.spent), now.left, what_);
    std::fflush(stderr);
  }
}

}  // namespace ebb::app
