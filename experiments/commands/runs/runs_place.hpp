#pragma once
#include <ebb/experiments/cli/options.hpp>
#include <ebb/experiments/runs/run_index.hpp>

namespace ebb::app::runs {

/// Where the commands of `ebb runs` look: options that they share.
struct RunsPlace {
  std::string folder = "runs", index{};
  void declare(Options&);
  /// The index, in line with the folders. If it is not kept in a file, a note on stderr gives the reason.
  RunIndex open(const std::string& command) const;
};

/// Declares RUN, the one run that a command takes, as RunIndex::run_of reads it.
void declare_run(Options&, std::string& run);

/// Which runs a command takes: by name, or by a condition.
struct RunsChoice {
  std::vector<std::string> names{};
  Query query{};
  void declare(Options&, const char* verb);
  /// Errors    ValueError if neither names nor a condition were given
  void require(const char* verb) const;
  /// Those that are named, or else those of the query, with all columns.
  std::vector<RunRecord> of(RunIndex&) const;
};

}  // namespace ebb::app::runs
