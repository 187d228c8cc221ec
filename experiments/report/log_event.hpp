#pragma once
#include <cstdint>
#include <ebb/ops/array.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace ebb::app {

/// The distribution of an array's finite values, in intervals of equal width.
struct Histogram {
  double least = 0, most = 0, count = 0, sum = 0, squares = 0;
  std::vector<double> limits{}, counts{};  ///< right end of each interval, and the number of values in it
};
Histogram histogram_of(const Array&, int intervals = 30);

/// A setting of a run, as a column of TensorBoard's table HPARAMS.
struct HParam {
  std::string name;
  std::variant<double, bool, std::string> value;
};

/// A picture in PNG.
struct Picture {
  int width = 0, height = 0;
  std::string png{};
};

/// One event of a TensorBoard event file (event_file.hpp): values under their tags, at one step and time.
///
/// Source    tensorflow/core/framework/summary.proto, tensorflow/core/framework/tensor.proto,
///           tensorboard/plugins/hparams/plugin_data.proto
class LogEvent {
 public:
  LogEvent(double wall_time, std::int64_t step) : wall_time_(wall_time), step_(step) {}  ///< seconds since 1970
  bool empty() const { return values_.empty(); }

  LogEvent& scalar(const std::string& tag, double);
  LogEvent& histogram(const std::string& tag, const Histogram&);  ///< nothing if it has no value
  LogEvent& text(const std::string& tag, const std::string& markdown);
  LogEvent& picture(const std::string& tag, const Picture&);
  LogEvent& hparams(const std::vector<HParam>&);  ///< the run's settings, once, when it begins
  enum class Status { success = 1, failure = 2 };
  LogEvent& hparams_end(Status);  ///< when it ends

  std::string record() const;  ///< for the file

 private:
  void add(const std::string& value);
  void plugin(const std::string& tag, const std::string& plugin, const std::string& content, const std::string& tensor);
  double wall_time_;
  std::int64_t step_;
  std::string values_;
};

}  // namespace ebb::app
