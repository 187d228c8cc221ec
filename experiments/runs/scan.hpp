#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ebb::app::runs {

/// A folder below the folder of all runs.
struct Folder {
  std::string name;  ///< "train-20250131-142233", "sweep/trial-7"
  /// Changes when a file in it appears or is removed, and when one of those changes that describe a run: run.json,
  /// summary.json, notes.json. 0 if that was a moment ago, and may happen again.
  std::int64_t stamp = 0;
};

/// Visits every folder below `root` that may be a run, in no particular order. `enter` returns whether the folders in
/// it may be runs, too: they are visited only then. Hidden folders, links, and the folders that every run has (figures,
/// tensorboard) are not visited, nor are those deeper than six levels.
///
/// Errors    FileError if root cannot be read; folders below it that cannot are left out
void visit_folders(const std::string& root, const std::function<bool(const Folder&)>& enter);

/// The folder's stamp now.
std::int64_t stamp_of(const std::string& folder);

/// Whether a folder has other folders than those that every run has.
bool has_folders(const std::string& folder);

}  // namespace ebb::app::runs
