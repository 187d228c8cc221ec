#pragma once
#include <deque>
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/sweep/live_table.hpp>
#include <ebb/experiments/sweep/plan.hpp>
#include <ebb/experiments/sweep/workers.hpp>

namespace ebb::app::sweep {

/// Carries out a plan: begins trials as workers become free, in folders below that of the job, and reads what they
/// leave there. When the job is resumed, trials that have ended are not trained again, and those that were begun are
/// resumed.
class Runner {
 public:
  Runner(Job&, const Plan&, Workers&);
  /// Returns when all has ended, or after Ctrl-C, once the trials have been stopped. `each` is called when a trial
  /// ends.
  void run(const std::function<void()>& each);

  /// By trial.
  const std::vector<TrialResult>& results() const { return results_; }
  double cpu_seconds() const { return cpu_seconds_; }  ///< of the trials that this process began
  bool stopped() const;                                ///< after Ctrl-C, here or in another process of the sweep
  std::string folder(const Trial& t) const { return job_.folder() + "/trials/" + t.name; }
  std::string log_of(const Trial& t) const { return job_.folder() + "/logs/" + t.name + ".log"; }

 private:
  struct Run {
    std::size_t trial, leg;
    int until;
  };
  struct OpenLeg {
    Leg leg;
    std::size_t left;  // runs that have not ended
    double sum = 0;    // of their scores
  };
  void begin();
  void fetch();
  void start(const Run&);
  Call call_of(const Run&) const;
  bool is_free(const std::string& folder) const;
  void take(const Finished&);
  void settle(const Run&);
  void fail(const Run&, const std::string& why);
  void show();
  int end_of(const Run&) const;  // its last update
  double done() const;

  Job& job_;
  const Plan& plan_;
  Workers& workers_;
  std::unique_ptr<Schedule> schedule_;
  std::vector<TrialResult> results_;
  std::vector<int> updates_;  // by trial, so far
  std::vector<OpenLeg> legs_;
  std::deque<Run> waiting_;
  std::vector<Run> running_;
  std::function<void()> each_;
  LiveTable table_;
  double done_before_ = -1, told_ = 0, cpu_seconds_ = 0;
};

}  // namespace ebb::app::sweep
