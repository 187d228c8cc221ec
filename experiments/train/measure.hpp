#pragma once
#include <ebb/autograd/shards.hpp>
#include <ebb/experiments/report/report.hpp>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/output.hpp>
#include <optional>
#include <string>
#include <vector>

namespace ebb::app {

/// One measure of a model's quality, with its baseline.
struct Measure {
  std::string name;  ///< "accuracy"
  double value = 0;
  std::string unit;              ///< "%", "nats/step"
  double baseline = 0;           ///< the value of a prediction that ignores the input, in the same unit
  std::string baseline_about{};  ///< describes that prediction
  bool rises = true;             ///< higher is better
};

/// A model's outputs for a split, item by item, as a table for other programs.
struct OutputTable {
  std::string name;  ///< "forecasts": its file is forecasts.csv
  std::string csv;   ///< with a line of column names
};

/// Receives each batch of a split with the network's outputs for it, and computes measures over all of them.
class Meter {
 public:
  virtual ~Meter();
  virtual void update(const Batch&, const Result&) = 0;
  /// Errors    ValueError if no batch was received
  virtual std::vector<Measure> measures() const = 0;
  /// Name of the measure used for validation: the best weights are those with its best value. None: the loss.
  virtual std::optional<std::string> validates_by() const { return std::nullopt; }
  /// Adds a picture of the result to a report.
  virtual void show(Report&) const {}
  /// Called before the first batch where `outputs` will be read: only then does the meter have to keep them.
  virtual void keep_outputs() {}
  /// The output for each item of the split, written beside the report; none if the measures suffice.
  virtual std::optional<OutputTable> outputs() const { return std::nullopt; }
};

/// A new meter; null if the task measures only the loss.
std::unique_ptr<Meter> meter_of(const Task&);
/// The measure used for the task's validation; none: the loss.
std::optional<std::string> validation_measure(const Task&);
/// The measure of that name. Errors: ValueError if there is none
const Measure& measure_named(const std::string& name, const std::vector<Measure>&);
/// "accuracy 76.2 % (baseline 50 %, always the same class), F1 75.9 % (baseline 33 %)"
std::string measures_text(const std::vector<Measure>&);

}  // namespace ebb::app
