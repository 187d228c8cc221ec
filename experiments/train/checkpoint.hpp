#pragma once
#include <ebb/experiments/train/train.hpp>
#include <map>

namespace ebb::app {

/// What a checkpoint and the run that goes on with it must have in common, and when the run began.
struct Origin {
  std::string task, cell, data;
  std::map<std::string, std::string> options;  ///< all that have a bearing on the numbers, by name
  std::uint64_t seed = 1;
  double started = 0;             ///< seconds since 1970
  std::string version = "";       ///< of the Ebb that wrote the checkpoint
  std::string instruction_set{};  ///< of the kernels that it began with; after reading, those of the checkpoint
  /// Errors    FileError, when reading, naming the first that differs
  void visit(Archive&);
};

/// Keeps a run in the file at `path`: whole, with a checksum, the one before until the new one is complete. With
/// `resume` the run goes on from there, or begins if there is no such file The origin must outlive the keeper.
TrainKeeper keep_at(const std::string& path, int every, Origin&, bool resume);

/// Errors    FileError, naming the version of Ebb and what to do, if another one wrote this checkpoint in a format of
///           its own
void check_checkpoint_version(const std::string& path);

}  // namespace ebb::app
