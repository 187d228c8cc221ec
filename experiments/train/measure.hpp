#pragma once
#include <ebb/autograd/shards.hpp>
#include <ebb/experiments/report/report.hpp>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/output.hpp>
#include <string>
#include <vector>

namespace ebb::app {

/// One number that says how good a model is, beside what a guess gets.
struct Measure {
  std::string name;  ///< "accuracy"
  double value = 0;
  std::string unit;              ///< "%", "nats/step"
  double baseline = 0;           ///< the same for a guess that ignores the input, in the same unit
  std::string baseline_about{};  ///< which guess that is
  bool rises = true;             ///< more is better
};

/// Sees each batch of a split with what the network put out for it, then says what it came to.
class Meter {
 public:
  virtual ~Meter();
  virtual void update(const Batch&, const Result&) = 0;
  /// Errors    ValueError if nothing was seen
  virtual std::vector<Measure> measures() const = 0;
  /// Name of the measure that validation goes by: the best weights are those with its best value. None: the loss.
  virtual std::optional<std::string> validates_by() const { return std::nullopt; }
  /// Adds a picture of the result to a report.
  virtual void show(Report&) const {}
};

/// A new meter; null if nothing is measured beside the loss.
std::unique_ptr<Meter> meter_of(const Task&);
/// The measure that the task's validation goes by; none: the loss.
std::optional<std::string> validation_measure(const Task&);
/// The measure of that name. Errors: ValueError if there is none
const Measure& measure_named(const std::string& name, const std::vector<Measure>&);
/// "accuracy 76.2 %, F1 75.9 % (a guess: 50 %, always the same class)"
std::string measures_text(const std::vector<Measure>&);

}  // namespace ebb::app
