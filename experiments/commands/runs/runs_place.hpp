#pragma once
#include <ebb/experiments/cli/options.hpp>
#include <ebb/experiments/runs/run_index.hpp>

namespace ebb::app::runs {

/// Where the commands of `ebb runs` look: options that they share.
struct RunsPlace {
  std::string folder = "runs", index{};
  void declare(Options&);
  /// The index, in line with the folders. A note on stderr says if it is not kept in a file.
  RunIndex open(const std::string& command) const;
};

/// Which runs a command takes: by name, or by a condition.
struct RunsChoice {
  std::vector<std::string> names{};
  Query query{};
  void declare(Options&, const char* verb);
  bool given() const { return !names.empty() || !query.where.empty() || !query.tag.empty(); }
  /// Those that are named, or else those of the query, with all columns.
  std::vector<RunRecord> of(RunIndex&) const;
};

}  // namespace ebb::app::runs
