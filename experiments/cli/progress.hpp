#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace ebb::app {

/// A progress bar on stderr with the time left. If stderr is not a terminal, such as a log file, it is a line each
/// minute instead, also while one piece of work takes longer than that. Safe to call from several threads.
class Progress {
 public:
  /// total in units of work; several runs share one bar. `interval`: between lines.
  explicit Progress(double total, std::chrono::milliseconds interval = std::chrono::minutes(1));
  ~Progress();  ///< clears the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(double work, const std::string& what = "");
  /// Work that turned out not to be needed (a run that ended early): it is excluded from the time left.
  void skip(double work);
  /// Clears the bar, so that a line can be printed; the next call of advance draws it again.
  void clear();

 private:
  struct State {
    double share, spent;
    std::string left;
  };
  State state() const;
  void draw();
  void print_lines(const std::stop_token&, std::chrono::milliseconds interval);
  using Clock = std::chrono::steady_clock;
  std::mutex mutex_;
  double total_, done_ = 0;
  std::string what_;
  Clock::time_point started_ = Clock::now(), drawn_{};
  bool terminal_, visible_ = false;
  std::condition_variable_any ended_;
  std::jthread lines_;  // last: it uses the others
};

/// "3:07" or "1:02:30" for minutes and hours, "41 s" below a minute, "0.8 s" below ten seconds.
std::string duration_text(double seconds);

}  // namespace ebb::app
