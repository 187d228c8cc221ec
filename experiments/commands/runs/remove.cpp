#include <unistd.h>

#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/commands/runs/runs_place.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/ops/printable.hpp>
#include <filesystem>
#include <iterator>
#include <set>

namespace ebb::app::runs {
namespace {

namespace fs = std::filesystem;

double bytes_below(const std::string& folder) {
  double bytes = 0;
  std::error_code error;
  const fs::recursive_directory_iterator end;
  for (fs::recursive_directory_iterator at(folder, error); !error && at != end; at.increment(error))
    if (std::error_code none; at->is_regular_file(none)) bytes += static_cast<double>(at->file_size(none));
  return bytes;
}

// The folders of runs; one in the folder of another is removed with it.
std::vector<RunRecord> outermost(const std::vector<RunRecord>& runs) {
  std::set<std::string> folders;
  for (const RunRecord& run : runs) folders.insert(run.folder);
  std::vector<RunRecord> kept;
  std::copy_if(runs.begin(), runs.end(), std::back_inserter(kept), [&](const RunRecord& run) {
    for (fs::path above = fs::path(run.folder).parent_path(); above.has_relative_path(); above = above.parent_path())
      if (folders.contains(above.string())) return false;
    return true;
  });
  return kept;
}

// The name of the run if a job is writing into its folder, or that of one below it; empty if there is none.
std::string running_in(const RunRecord& run) {
  if (folder_in_use(run.folder)) return run.name;
  std::error_code error;
  const fs::recursive_directory_iterator end;
  for (fs::recursive_directory_iterator at(run.folder, error); !error && at != end; at.increment(error))
    if (std::error_code none; at->is_directory(none) && folder_in_use(at->path().string()))
      return (fs::path(run.name) / at->path().lexically_relative(run.folder)).string();
  return {};
}

// Under a hidden name first: a run is there as a whole or not at all, whenever this process ends.
void remove_folder(const std::string& folder) {
  const fs::path path = (fs::path(folder) / "").lexically_normal().parent_path();
  const fs::path hidden = path.parent_path() / fmt::format(".removed-{}-{}", path.filename().string(), getpid());
  std::error_code error;
  fs::rename(path, hidden, error);
  if (!error) fs::remove_all(hidden, error);
  if (error) throw FileError(fmt::format("cannot remove '{}': {}", folder, error.message()));
}

class RunsRemoveCommand final : public Command {
 public:
  void options(Options& o) override {
    choice_.declare(o, "remove");
    o.add("--yes", yes_, "remove them; without it, only prints what would be removed");
    place_.declare(o);
    o.example("ebb runs rm train-20260101-120000 --yes");
    o.example("ebb runs rm --where \"status = 'killed' and updates is null\"        shows them first");
  }

  int run() override {
    choice_.require("remove");
    RunIndex index = place_.open("rm");
    const std::vector<RunRecord> chosen = outermost(choice_.of(index));
    for (const RunRecord& run : chosen)
      if (const std::string running = running_in(run); !running.empty())
        throw ValueError(fmt::format("'{}' is running; nothing was removed", running));
    double bytes = 0;
    for (const RunRecord& run : chosen) {
      const double size = bytes_below(run.folder);
      bytes += size;
      if (yes_) remove_folder(run.folder);
      if (yes_ && run.folder == index.folder_of(run.name)) index.reread(run.name);
      put(fmt::format("{} {}: {}\n", yes_ ? "removed" : "would remove", ebb::detail::printable(run.folder),
                      bytes_text(size)));
    }
    const std::string all =
        fmt::format("{}, {}", count_text(static_cast<double>(chosen.size()), "run"), bytes_text(bytes));
    if (chosen.empty()) put("no run meets the condition\n");
    else put(yes_ ? all + " removed\n" : all + "; --yes removes them\n");
    return 0;
  }

 private:
  RunsPlace place_;
  RunsChoice choice_;
  bool yes_ = false;
};
EBB_SUBCOMMAND(runs_rm, "runs rm", RunsRemoveCommand, "remove the folders of runs");

class RunsRebuildCommand final : public Command {
 public:
  void options(Options& o) override {
    place_.declare(o);
    o.example("ebb runs rebuild");
  }

  int run() override {
    RunIndex index = place_.open("rebuild");
    index.rebuild();
    const auto found = index.select({}, {"status"});
    double damaged = 0;
    for (const RunRecord& run : found) damaged += text_of(run["status"]) == "damaged" ? 1 : 0;
    put(fmt::format("{} in '{}'\n", count_text(static_cast<double>(found.size()), "run"),
                    ebb::detail::printable(index.folder())));
    if (damaged > 0)
      std::fputs(fmt::format("ebb runs rebuild: {} damaged: ebb runs list --where \"status = 'damaged'\" --columns "
                             "run,error\n",
                             count_text(damaged, "run"))
                     .c_str(),
                 stderr);
    return damaged > 0 ? 1 : 0;
  }

 private:
  RunsPlace place_;
};
EBB_SUBCOMMAND(runs_rebuild, "runs rebuild", RunsRebuildCommand, "read every folder again into a new index");

}  // namespace
}  // namespace ebb::app::runs
