#pragma once
#include <ebb/experiments/cli/run_folder.hpp>
#include <string>

namespace ebb::app {

/// How a job ended, as run.json records it. A process that is killed cannot record it: the file says "running", and the
/// lock on the folder is free.
/// `paused`: it ended before its last update because it was asked to (--pause-at).
enum class RunStatus { running, finished, stopped, failed, paused };
const char* name_of(RunStatus);

/// run.json in a job's folder: how, where and when the job runs, and how it ended. It is written when the job begins
/// and when it ends, so a folder without a summary is described, too.
class RunFile {
 public:
  /// Records a job that begins. `again`: it resumes the run that the folder holds, whose beginning is kept.
  void begin(RunFolder&, const std::string& command, int threads, bool again);
  /// Records how it ended; `why` is empty for a run that finished. Nothing happens if the job has not begun or was
  /// recorded already.
  void end(RunFolder&, RunStatus, const std::string& why = "");

 private:
  std::string json_;  // empty before begin() and after end()
};

/// "2025-01-31T14:22:33+01:00", local time.
std::string time_with_zone();

}  // namespace ebb::app
