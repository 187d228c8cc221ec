#pragma once
#include <atomic>
#include <ebb/experiments/cli/options.hpp>
#include <ebb/experiments/cli/progress.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/report/report.hpp>
#include <ebb/experiments/report/summary.hpp>
#include <memory>
#include <mutex>

namespace ebb::app {

/// Options that all long commands share.
struct SharedOptions {
  std::string out;  ///< empty for runs/COMMAND-TIME
  bool force = false, quick = false, full = false;
  bool again = false;  ///< `out` is the folder of a run that goes on: it is not empty
  std::uint64_t seed = 1;
  int seeds = 3, threads = 1;
  Size size() const { return quick ? Size::quick : full ? Size::full : Size::standard; }
};

/// One run of an experiment: its seeds, threads, bar, output folder, report and summary.
///
/// Errors    FileError if the folder cannot be written or is not empty
class Job {
 public:
  Job(const std::string& command, const SharedOptions&, const Options&);
  ~Job();

  const std::string& command() const { return command_; }
  Size size() const { return shared_.size(); }
  const std::vector<std::uint64_t>& seeds() const { return seeds_; }  ///< --seed, --seed + 1, ...
  int threads() const { return shared_.threads; }
  const Options& options() const { return options_; }
  const std::string& folder() const { return folder_.path(); }
  bool again() const { return shared_.again; }
  bool interrupted() const;  ///< Ctrl-C: end soon, report what there is

  /// Makes the output folder, with config.toml in it, and shows a bar: the long work begins. Everything that the user
  /// may have got wrong should have been found before.
  Progress& start(double work);
  /// The bar once started. Errors: Error before start()
  Progress& progress();
  /// Runs body(0) ... body(n - 1), independent of each other, over the threads; one alone leaves the threads to the
  /// shards of its batches. The first exception is passed on after the others have ended.
  void parallel(int n, const std::function<void(int)>& body);

  Report report;
  Summary summary;
  /// Writes a file into the folder.
  void write(const std::string& name, const std::string& content) { folder_.write(name, content); }
  /// The same for those who write by themselves: `writer` is given the path.
  void keep(const std::string& name, const std::function<void(const std::string& path)>& writer);
  void print(const std::string& text);  ///< to stdout, the bar out of the way
  void fail(const std::string& why);    ///< the command will exit with 1, and say why
  double seconds() const;               ///< since the job began

  /// What a run that ended hands over: `take` puts its result where `fill` finds it, and `fill` all that there is into
  /// report, summary and files. They are written at once, so that a job that is killed leaves the results of the runs
  /// that ended; until the end the summary calls it interrupted. What `fill` prints is not shown. Safe to call from
  /// several threads.
  void run_ended(const std::function<void()>& take, const std::function<void()>& fill);

  /// Writes report.html and summary.json; says where. Returns the exit code: 0, 1 after fail(), 130 after Ctrl-C.
  int finish();

 private:
  void record_job();
  void record_options();
  void create_folder();
  void write_so_far(const std::function<void()>& fill);
  void write_results();
  std::string command_, failure_, started_;
  SharedOptions shared_;
  const Options& options_;
  std::vector<std::uint64_t> seeds_;
  RunFolder folder_;
  Table settings_;
  std::unique_ptr<Progress> progress_;
  struct Clock;
  std::unique_ptr<Clock> clock_;
  std::mutex ended_;
  std::atomic<bool> silent_ = false;          // while results are written before the end
  double written_at_ = 0, writing_took_ = 0;  // seconds
};

}  // namespace ebb::app
