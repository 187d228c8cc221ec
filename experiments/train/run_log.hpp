#pragma once
#include <ebb/experiments/cli/append_file.hpp>
#include <ebb/experiments/train/train.hpp>

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
  /// `before`: the curve so far of a run that is resumed. `started`: seconds since 1970, the wall time of second 0.
  RunLog(const std::string& csv, const std::string& events, double started, const std::vector<CurvePoint>& before = {},
         const std::string& measure = "loss");
  void add(const CurvePoint&);

  static std::string csv(const std::vector<CurvePoint>&);  ///< with the header
  static std::string events(double started, const std::vector<CurvePoint>&, const std::string& measure = "loss");

 private:
  double started_;
  std::string valid_;  // its tag
  AppendFile csv_, events_;
};

}  // namespace ebb::app
