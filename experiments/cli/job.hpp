#pragma once
#include <atomic>
#include <ebb/experiments/cli/options.hpp>
#include <ebb/experiments/cli/progress.hpp>
#include <ebb/experiments/cli/run_file.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/report/report.hpp>
#include <ebb/experiments/report/summary.hpp>
#include <map>
#include <memory>
#include <mutex>

namespace ebb {
class Ranks;
}

namespace ebb::app {

/// Options that all long-running commands share.
struct SharedOptions {
  std::string out;  ///< empty for runs/COMMAND-TIME
  bool force = false, quick = false, full = false;
  bool again = false;    ///< `out` is the folder of a run that is resumed: it is not empty
  bool resumes = false;  ///< the command has --resume (LongCommand::resumes)
  std::uint64_t seed = 1;
  int seeds = 3, threads = 1;
  Size size() const { return quick ? Size::quick : full ? Size::full : Size::standard; }
};

/// One run of an experiment: its seeds, threads, progress bar, output folder, report and summary.
///
/// Errors    FileError if the folder cannot be written or is not empty
class Job {
 public:
  Job(const std::string& command, const SharedOptions&, const Options&);
  ~Job();

  const std::string& command() const { return command_; }
  Size size() const { return shared_.size(); }
  const std::vector<std::uint64_t>& seeds() const { return seeds_; }  ///< --seed, --seed + 1, ...
  /// Nothing of this job depends on a seed: neither page nor summary names one.
  void without_seeds();
  int threads() const { return shared_.threads; }
  const Options& options() const { return options_; }
  const std::string& folder() const { return folder_.path(); }
  bool again() const { return shared_.again; }
  /// The processes that run this job together; null if there is only this one. The folder and its files are written by
  /// rank 0 alone: on the others, `write`, `keep` and `finish` write nothing.
  Ranks* ranks() const { return ranks_; }
  /// Lines of user's cells look as in the run in that folder, as far as it recorded that.
  void recall_palette(const std::string& run_folder);
  bool interrupted() const;  ///< Ctrl-C was pressed: finish soon and report the results so far

  /// Creates the output folder, with config.toml in it, and shows a progress bar. Errors in the user's input should be
  /// found before this call, because the long work begins here.
  Progress& start(double work);
  /// The progress bar, after start(). Errors: Error before start()
  Progress& progress();
  /// Runs body(0) ... body(n - 1), which are independent, over the threads; a single one leaves the threads to the
  /// shards of its batches. The first exception is rethrown after the others have ended.
  void parallel(int n, const std::function<void(int)>& body);

  Report report;
  Summary summary;
  /// Writes a file into the folder. Safe to call from several threads.
  void write(const std::string& name, const std::string& content);
  /// The same with a function that writes the file: `writer` receives the path. Safe to call from several threads.
  void keep(const std::string& name, const std::function<void(const std::string& path)>& writer);
  void print(const std::string& text);  ///< to stdout, with the progress bar cleared
  /// The command will print the reason, with those of other calls, and exit with 1; what succeeded is kept. From a body
  /// of parallel(): in the `take` of run_ended().
  void fail(const std::string& why);
  /// The same for one of the command's `runs` runs; the command will also print whether the others were completed.
  void fail_run(const std::string& why, std::size_t runs);
  double seconds() const;  ///< since this process began the job
  /// A number of the summary that earlier processes of a resumed job have left, such as "seconds"; 0 if there is none.
  double earlier(const std::string& key) const;

  /// Called when a run has ended: `take` stores its result where `fill` finds it, and `fill` adds all results so far to
  /// report, summary and files. They are written immediately, so that a job that is killed leaves the results of
  /// completed runs; until the job finishes, the summary is marked as interrupted. Output printed by `fill` is not
  /// shown. Safe to call from several threads.
  void run_ended(const std::function<void()>& take, const std::function<void()>& fill);

  /// Runs the command's work; an exception is recorded in run.json and rethrown.
  void run(const std::function<void()>& work);
  /// Writes report.html and summary.json and prints where. Returns the exit code: 0, 1 after fail(), 130 after Ctrl-C.
  int finish();

 private:
  bool writes() const;
  void record_job();
  void record_options();
  void recall_numbers();
  void create_folder();
  void write_so_far(const std::function<void()>& fill);
  void write_results();
  struct Failure {
    std::vector<std::string> of_runs, others;
    std::size_t runs = 0;
  };
  std::string failure_text() const;
  std::string failed_runs_text() const;
  std::string command_, started_;
  Failure failure_;
  SharedOptions shared_;
  const Options& options_;
  std::vector<std::uint64_t> seeds_;
  Ranks* ranks_;
  RunFolder folder_;
  RunFile run_file_;
  Table settings_;
  std::map<std::string, double> earlier_;  // numbers at the top of the summary of the job that is resumed
  std::unique_ptr<Progress> progress_;
  struct Clock;
  std::unique_ptr<Clock> clock_;
  std::mutex ended_;                          // while results are taken and written
  std::atomic<bool> silent_ = false;          // while intermediate results are written
  double written_at_ = 0, writing_took_ = 0;  // seconds
};

}  // namespace ebb::app
