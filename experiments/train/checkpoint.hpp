#pragma once
#include <ebb/experiments/train/train.hpp>
#include <map>

namespace ebb::app {

/// The properties that a checkpoint and the run that resumes from it must share, and when the run began.
struct Origin {
  std::string task, cell, data;
  std::map<std::string, std::string> options;  ///< all options that affect results, by name
  std::uint64_t seed = 1;
  int steps = 0;             ///< updates of the whole run; after reading, those planned when the checkpoint was saved
  double started = 0;        ///< seconds since 1970
  std::string version = "";  ///< of the Ebb that wrote the checkpoint
  std::string instruction_set{};  ///< of the kernels used so far; after reading, that of the checkpoint
  /// Errors    FileError, when reading, naming the first that differs
  void visit(Archive&);
};

/// Saves a run to the file at `path`, with a checksum; the previous checkpoint remains until the new one is complete.
/// With `resume` the run continues from it, or begins if there is no such file. The origin must outlive the keeper.
TrainKeeper keep_at(const std::string& path, int every, Origin&, bool resume);

/// Errors    FileError, naming the version of Ebb and what to do, if another version wrote the checkpoint in a
///           different format
void check_checkpoint_version(const std::string& path);

/// Kernels of different instruction sets round differently, so the rest of a run that began with others will differ:
/// prints a warning, beginning with the command, if the origin's are not those in use.
void warn_of_other_kernels(const char* command, const Origin&);

}  // namespace ebb::app
