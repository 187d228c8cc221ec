#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cstdio>
#include <ebb/experiments/cli/command_line.hpp>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/cli/version.hpp>
#include <ebb/experiments/commands/runs/runs_place.hpp>
#include <ebb/experiments/runs/difference.hpp>
#include <ebb/experiments/train/extension.hpp>
#include <ebb/ops/isa.hpp>
#include <ebb/ops/printable.hpp>
#include <filesystem>

namespace ebb::app::runs {
namespace {

using ebb::detail::printable;

/// The same command again, compared to the bit.
class RunsReproduceCommand final : public Command {
 public:
  void options(Options& o) override {
    declare_run(o, run_);
    o.add("--out", out_, "folder for the new run (default: RUN-again)").type("DIR");
    o.add("--threads", threads_, "number of threads; results do not depend on it; 0: that of the run")
        .at_least(0)
        .at_most(1024);
    place_.declare(o);
    o.example("ebb runs reproduce train-20260101-120000");
  }

  int run() override {
    RunIndex index = place_.open("reproduce");
    const RunRecord run = index.run_of(run_);
    check(run);
    warn_of_differences(run);
    const std::string out = out_.empty() ? free_folder(beside(run.folder) + "-again") : out_;
    for (std::vector<std::string>& words : commands(run, out)) {
      if (threads_ > 0) words.insert(words.end(), {"--threads", std::to_string(threads_)});
      put(fmt::format("ebb {}\n\n", printable(fmt::format("{}", fmt::join(words, " ")))));
      try_put({});
      const int code = run_command(words);
      if (code != 0 && code != 1) return code;  // 1: it diverged, as the run may have, too
    }
    const Difference d = first_difference(run.folder, out);
    if (d.first.empty()) {
      put(fmt::format("\nthe same bits as '{}', clocks aside: {}\n", printable(run.name), fmt::join(d.compared, ", ")));
      return 0;
    }
    std::fputs(
        fmt::format("ebb runs reproduce: differs from '{}': {}\n", printable(run.name), printable(d.first)).c_str(),
        stderr);
    return 1;
  }

 private:
  static void check(const RunRecord& run) {
    const std::string status = text_of(run["status"]);
    if (status == "running") throw ValueError(fmt::format("'{}' has not ended: it is running", run.name));
    if (status == "damaged")
      throw FileError(
          fmt::format("'{}' is damaged, so there is nothing to compare with: {}", run.folder, text_of(run["error"])));
    if (status == "killed" || status == "stopped" || status == "paused")
      throw ValueError(
          fmt::format("'{0}' was {1} before its end, so there is nothing to compare with; `ebb {2} --resume "
                      "{0}` completes it where that command can",
                      run.folder, status, text_of(run["command"])));
    if (!std::filesystem::exists(run.folder + "/config.toml"))
      throw FileError(fmt::format("'{}' has no config.toml, so its options are unknown", run.folder));
  }

  static void warn_of_differences(const RunRecord& run) {
    const auto differs = [&](const char* column, const std::string& here, const char* what) {
      const std::string there = text_of(run[column]);
      if (there.empty() || there == here) return;
      std::fputs(
          fmt::format("ebb runs reproduce: note: the run was made {} {}, this is {}: results may differ in their "
                      "last bits\n",
                      what, printable(there), here)
              .c_str(),
          stderr);
    };
    differs("commit", commit_text(), "by the commit");
    differs("compiler", compiler_text(), "with the compiler");
    differs("instruction_set", ebb::name_of(isa()), "with the kernels");
  }

  // A run that was extended is extended again after as many updates: validations and schedules follow the number of
  // updates that is planned.
  static std::vector<std::vector<std::string>> commands(const RunRecord& run, const std::string& out) {
    const std::string command = text_of(run["command"]);
    std::vector<std::string> words{command, "--config", run.folder + "/config.toml", "--out", out};
    std::vector<Extension> extensions = extensions_of(run.folder);
    if (std::any_of(extensions.begin(), extensions.end(), [](const Extension& e) { return e.made < 0; })) {
      std::fputs(fmt::format("ebb runs reproduce: note: the run was extended from {} updates when its seeds had made "
                             "different numbers of them, which is not repeated: validations and schedules may differ\n",
                             extensions.front().planned)
                     .c_str(),
                 stderr);
      extensions.clear();
    }
    std::vector<std::vector<std::string>> all;
    for (const Extension& e : extensions) {
      words.insert(words.end(), {"--steps", std::to_string(e.planned)});
      if (e.made > 0 && e.made < e.planned) words.insert(words.end(), {"--pause-at", std::to_string(e.made)});
      if (e.made > 0) all.push_back(words);
      if (e.made > 0) words = {command, "--resume", out};
      else words.resize(words.size() - 2);
    }
    if (!all.empty()) words.insert(words.end(), {"--steps", text_of(run["steps"])});
    all.push_back(words);
    return all;
  }

  // A trial's folder is one of its sweep, which a further one in it would seem to be a trial of.
  static std::string beside(const std::string& folder) {
    const std::filesystem::path path = (std::filesystem::path(folder) / "").lexically_normal().parent_path(),
                                trials = path.parent_path(), sweep = trials.parent_path();
    if (trials.filename() != "trials" || sweep.empty() || writer_of(sweep.string()) != "sweep") return folder;
    return sweep.string() + "-" + path.filename().string();
  }

  static std::string free_folder(const std::string& wanted) {
    std::string path = wanted;
    for (int k = 2; std::filesystem::exists(path); ++k) path = fmt::format("{}-{}", wanted, k);
    return path;
  }

  RunsPlace place_;
  std::string run_, out_;
  int threads_ = 0;
};
EBB_SUBCOMMAND(runs_reproduce, "runs reproduce", RunsReproduceCommand,
               "run a run's command again and compare the results to the bit");

}  // namespace
}  // namespace ebb::app::runs
