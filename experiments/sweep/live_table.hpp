#pragma once
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace ebb::app::sweep {

/// Shows on a terminal (stderr) how far a sweep is: a table of the trials that run, drawn in place.
class LiveTable {
 public:
  struct Row {
    std::string configuration;
    std::uint64_t seed;
    double share;  ///< of its updates
    double loss, valid;
  };
  struct Status {
    std::size_t trials = 0, over = 0, failed = 0, diverged = 0;
    double share = 0;           ///< of all updates
    double seconds_left = NAN;  ///< NaN: not known yet
    std::string best{};
    std::vector<Row> running;
  };
  LiveTable();
  ~LiveTable();
  LiveTable(const LiveTable&) = delete;
  LiveTable& operator=(const LiveTable&) = delete;

  bool on_terminal() const { return terminal_; }
  bool is_due() const;       ///< not drawn for half a second, or cleared
  void draw(const Status&);  ///< nothing if there is no terminal
  void clear();              ///< before something else is printed

 private:
  using Clock = std::chrono::steady_clock;
  bool terminal_;
  int lines_ = 0;  // on the screen
  Clock::time_point drawn_{};
};

/// For a log: "12 of 75 trials ended, 2 running, 1 failed; best so far cell gru: loss 2.31"
std::string line_of(const LiveTable::Status&);
/// The lines of the table, each at most `columns` wide.
std::vector<std::string> table_of(const LiveTable::Status&, int columns, std::size_t most_rows);

}  // namespace ebb::app::sweep
