#pragma once
#include <chrono>
#include <mutex>
#include <string>

namespace ebb::app {

/// A progress bar on stderr with the time left; silent if stderr is not a terminal. Safe to call from several threads.
class Progress {
 public:
  /// total in units of work; several runs share one bar.
  explicit Progress(double total);
  ~Progress();  ///< clears the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(double work, const std::string& what = "");
  /// Work that turned out not to be needed (a run that ended early): it is excluded from the time left.
  void skip(double work);
  /// Clears the bar, so that a line can be printed; the next call of advance draws it again.
  void clear();

 private:
  void draw();
  using Clock = std::chrono::steady_clock;
  std::mutex mutex_;
  double total_, done_ = 0;
  std::string what_;
  Clock::time_point started_ = Clock::now(), drawn_{};
  bool terminal_, visible_ = false;
};

/// "3:07" or "1:02:30" for minutes and hours, "41 s" below a minute, "0.8 s" below ten seconds.
std::string duration_text(double seconds);

}  // namespace ebb::app
