#pragma once
#include <memory>
#include <string>
#include <vector>

namespace ebb::app::sweep {

/// A call of this program, `ebb`.
struct Call {
  std::size_t id = 0;  ///< of the caller's choice
  std::vector<std::string> words{};
  std::string log{};  ///< file to which its output is appended
};

/// How a call ended.
struct Finished {
  std::size_t id = 0;
  int code = 0;            ///< exit code
  int signal = 0;          ///< that ended it; 0: none
  double cpu_seconds = 0;  ///< of all its threads
};

/// Processes that carry out calls.
class Workers {
 public:
  virtual ~Workers();
  virtual int free() const = 0;     ///< how many calls can begin now
  virtual int running() const = 0;  ///< how many have begun and not ended
  virtual int cores() const = 0;    ///< threads of all of them together
  /// Begins a call, with --threads added to its words: an equal share of the idle threads, if so many calls are waiting
  /// for them, this one included. Errors: FileError if its log cannot be written; Error if no process can be started
  virtual void start(Call, int waiting) = 0;
  /// What has ended; waits until something ends, at most for so long. A signal ends the wait.
  virtual std::vector<Finished> wait(double seconds) = 0;
  /// Asks all that run to end soon, as Ctrl-C does.
  virtual void stop() = 0;
  /// Whether another process of the sweep was asked to stop.
  virtual bool stop_wanted() const { return false; }
};

/// Child processes on this machine, at most `most` at a time, on this number of threads together. They end, as after
/// Ctrl-C, when this process dies. Used by one thread. `program` replaces this one, for tests.
std::unique_ptr<Workers> processes(int most, int threads, const std::string& program = "/proc/self/exe");

}  // namespace ebb::app::sweep
