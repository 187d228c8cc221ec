#pragma once
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/train/train.hpp>

namespace ebb::app {

/// Why a run ended before its last update, and which weights are kept: "stopped early, after 300 of 2,000 updates:
/// ...". Empty if neither applies.
std::string end_text(const TrainRecord&, const TaskInfo&, const TaskSettings&);

/// The results of the runs of `ebb train`: plots and a table in the report, values in the summary.
class TrainResults {
 public:
  struct Run {
    std::uint64_t seed;
    double loss;  ///< on the test split; NaN if the run diverged
    double seconds;
    std::int64_t weights;                 ///< trained ones
    std::string cell{};                   ///< determines the colour of a single run
    std::vector<std::string> remedies{};  ///< in the order of RemedyPoint::remedy
    std::string ended{};                  ///< end_text
  };
  void add(Job&, const Task&, const Run&, const TrainRecord&, std::unique_ptr<Meter> = nullptr);
  void report(Job&, const Task&) const;

 private:
  void plot(const std::string& name, const Run&, const TaskInfo&, const TrainRecord&);
  std::string finding(const TaskInfo&) const;
  std::string clipping() const;
  void plot_validation(const std::string& name, const TrainRecord&);
  void add_remedies(const Summary::Section&, const std::string& name, const Run&, const TrainRecord&);
  Plot loss_{.title = "Loss", .x_label = "update"};
  Plot norm_{.title = "Norm of the gradient", .x_label = "update", .y_label = "norm before clipping", .log_y = true};
  Plot valid_{.title = "Validation", .x_label = "update"};
  Plot remedy_{.title = "Remedy", .x_label = "update", .y_label = "loss"};
  std::optional<std::string> validates_by_;  // name of a measure; none: the loss
  Table table_{
      .head = {"run", "test loss", "updates", "clipped", "per second", "seconds", "kept by the tape", "remarks"}};
  Table measures_{.head = {"run", "measure", "value", "unit", "baseline"}};
  std::unique_ptr<Meter> meter_;  // of the first run that has one; its pictures are shown
  double baseline_ = 0;           // of the measure used for validation
  std::string baseline_about_;
  bool any_kept_ = false;  // the best weights of a run were restored
  bool paused_ = false;
  double last_ = 1;                   // update of the longest run
  double updates_ = 0, clipped_ = 0;  // of all runs
  std::vector<Run> runs_;
};

}  // namespace ebb::app
