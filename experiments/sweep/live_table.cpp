#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
#include <ebb/experiments/cli/progress.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/sweep/live_table.hpp>

namespace ebb::app::sweep {
namespace {

std::string bar_of(double share, int width) {
  std::string bar;
  for (int k = 0; k < width; ++k) bar += k < share * width ? "█" : "░";
  return bar;
}

std::size_t rows_of_terminal() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

std::string counts_of(const LiveTable::Status& s) {
  std::string text = fmt::format("{} of {} ended, {} running", count_text(static_cast<double>(s.over)),
                                 count_text(static_cast<double>(s.trials), "trial"), s.running.size());
  if (s.diverged > 0) text += fmt::format(", {} diverged", s.diverged);
  if (s.failed > 0) text += fmt::format(", {} failed", s.failed);
  return text;
}

std::string left_of(const LiveTable::Status& s) {
  return std::isfinite(s.seconds_left) ? duration_text(s.seconds_left) + " left" : "...";
}

}  // namespace

LiveTable::LiveTable() : terminal_(isatty(STDERR_FILENO) == 1) {}
LiveTable::~LiveTable() { clear(); }

bool LiveTable::is_due() const {
  return (terminal_ && lines_ == 0) || Clock::now() - drawn_ >= std::chrono::milliseconds(500);
}

void LiveTable::draw(const Status& s) {
  drawn_ = Clock::now();
  if (!terminal_) return;
  const std::size_t rows = rows_of_terminal();
  const auto lines = table_of(s, terminal_columns(STDERR_FILENO) - 1, rows > 8 ? rows - 6 : 2);
  std::string text = lines_ > 0 ? fmt::format("\033[{}F\033[J", lines_) : "";
  for (const std::string& line : lines) text += line + "\n";
  std::fputs(text.c_str(), stderr);
  lines_ = static_cast<int>(lines.size());
}

void LiveTable::clear() {
  if (lines_ > 0) fmt::print(stderr, "\033[{}F\033[J", lines_);
  lines_ = 0;
}

std::string line_of(const LiveTable::Status& s) {
  return counts_of(s) + (s.best.empty() ? "" : "; best so far " + s.best);
}

std::vector<std::string> table_of(const LiveTable::Status& s, int columns, std::size_t most_rows) {
  constexpr int bar = 12, numbers = 44;  // of the columns on the right
  const int name = std::max(12, columns - bar - numbers);
  std::vector<std::string> lines;
  for (const LiveTable::Row& r : s.running) {
    if (lines.size() == most_rows) {
      lines.push_back(fmt::format("  and {} more", s.running.size() - most_rows));
      break;
    }
    lines.push_back(fmt::format("  {} seed {:<4} {} {:3.0f} %  loss {:<8} valid {}", fit(r.configuration, name - 2),
                                r.seed, bar_of(r.share, bar), 100 * r.share, number_text(r.loss),
                                number_text(r.valid)));
  }
  lines.push_back(fmt::format("{} {:3.0f} %  {}  {}", bar_of(s.share, 20), 100 * s.share, left_of(s), counts_of(s)));
  if (!s.best.empty()) lines.push_back("best so far: " + s.best);
  for (std::string& line : lines) line = fit(line, columns);
  return lines;
}

}  // namespace ebb::app::sweep
