#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/papers/row_training.hpp>
#include <ebb/experiments/train/lengths.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/experiments/train/train.hpp>

namespace ebb::app::papers {

RowTraining::RowTraining(const Protocol& p, const Experiment& e, const Row& r, Size size, const std::string& rate)
    : rate_(rate) {
  try {
    training_ = std::make_unique<sweep::TrialTraining>(words_of(e, r, size == Size::full, rate), size);
    check_measure(e);
    if (e.beyond) set_lengths();
  } catch (const ValueError& error) {
    throw ValueError(fmt::format("'{}', line {}: [{}.{}]: {}", p.file, r.line, e.name, r.name, error.what()));
  }
}

void RowTraining::check_measure(const Experiment& e) const {
  if (e.measure == "loss") return;
  const Task& task = training_->task();
  const auto meter = meter_of(task);
  Words known{"loss"};
  if (meter) {
    TaskSettings few = training_->settings();  // enough for the names of the measures
    few.batch = std::min(few.batch, 2);
    test_loss(training_->model(), task, Split::valid, few, 1, meter.get());
    for (const Measure& x : meter->measures()) known.push_back(x.name);
    // Tests at several lengths have one measure.
    if (e.beyond) known = {"loss", meter->validates_by().value_or(known[1])};
  }
  check_name("measure", e.measure, known);
}

void RowTraining::set_lengths() {
  if (training_->lengths().empty()) throw ValueError("lengths: its task has no test at other lengths");
  const int trained = trained_length(training_->task(), training_->settings());
  for (const int length : training_->lengths())
    if (length > trained) beyond_.push_back(length);
  if (beyond_.empty()) throw ValueError(fmt::format("--test-lengths has none above --length {}", trained));
}

}  // namespace ebb::app::papers
