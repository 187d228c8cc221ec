#pragma once
#include <ebb/experiments/cli/append_file.hpp>
#include <ebb/experiments/cli/options.hpp>
#include <ebb/experiments/report/log_event.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/experiments/train/train.hpp>

namespace ebb::app {

/// The settings of a run as a table of TensorBoard, and texts about it: its command, its data.
struct RunNotes {
  std::vector<HParam> hparams{};
  std::vector<std::pair<std::string, std::string>> texts{};  ///< tag and Markdown
};
/// The options that determine a run's results.
std::vector<HParam> hparams_of(const Options&);
/// The settings of a training.
std::vector<HParam> hparams_of(const TaskSettings&);

/// A run as a TensorBoard event file that grows with it:
///
///     train/loss, train/gradient_norm, train/clipped, train/lr     at every update
///     valid/MEASURE                                                at validations: valid/loss, valid/accuracy, ...
///     weights/NAME, gradients/NAME                                 histograms of each parameter, before clipping
///     test/loss, test/MEASURE, pictures of matrices, texts         when it has ended
///
/// Errors    FileError if the file cannot be written
class EventLog {
 public:
  /// `before`: the curve so far of a run that is resumed; histograms of these updates are kept. `started`: seconds
  /// since 1970, the wall time of second 0.
  EventLog(const std::string& path, double started, const std::vector<CurvePoint>& before = {},
           const std::string& measure = "loss", const RunNotes& = {});
  /// Histograms of an update, which are written with its point.
  void look(const LeafSet& weights, const Grads&);
  void add(const CurvePoint&);

  struct End {
    const TrainRecord& training;
    const LeafSet& weights;
    double loss = NAN;                                         ///< on the test split
    std::vector<Measure> measures{};                           ///< likewise
    std::vector<std::pair<std::string, std::string>> texts{};  ///< tag and Markdown
  };
  void end(const End&);

  static std::string events(double started, const std::vector<CurvePoint>&, const std::string& measure = "loss");

 private:
  double started_;
  std::string valid_;  // its tag
  std::vector<std::pair<std::string, Histogram>> pending_;
  AppendFile file_;
};

/// Makes a training call look() at twenty updates of the run, those of its validations.
void watch_gradients(TrainKeeper&, const TaskSettings&, std::function<void(const Grads&)> look);

}  // namespace ebb::app
