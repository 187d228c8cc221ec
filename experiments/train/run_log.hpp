#pragma once
#include <ebb/experiments/train/event_log.hpp>

namespace ebb::app {

/// The learning curve of a run in two files that grow with it: a CSV table, and a TensorBoard event file. A run that is
/// killed leaves every update that it completed.
///
///     step,seconds,loss,gradient_norm,clipped,lr,valid      valid is empty where it was not measured
///
/// TensorBoard plots validation under the name of the measure: valid/loss, valid/accuracy, valid/NRMSE, ...
///
/// Errors    FileError if a file cannot be written
class RunLog {
 public:
  /// As for EventLog.
  RunLog(const std::string& csv, const std::string& events, double started, const std::vector<CurvePoint>& before = {},
         const std::string& measure = "loss", const RunNotes& = {});
  void add(const CurvePoint&);
  void look(const LeafSet& weights, const Grads& grads) { events_.look(weights, grads); }
  void end(const EventLog::End& e) { events_.end(e); }

  static std::string csv(const std::vector<CurvePoint>&);  ///< with the header
  static std::string events(double started, const std::vector<CurvePoint>& curve, const std::string& measure = "loss") {
    return EventLog::events(started, curve, measure);
  }

 private:
  AppendFile csv_;
  EventLog events_;
};

}  // namespace ebb::app
