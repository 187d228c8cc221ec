#include <fmt/format.h>
#include <ebb/experiments/papers/row_training.hpp>
#include <ebb/experiments/train/train.hpp>

namespace ebb::app::papers {

RowTraining::RowTraining(const Protocol& p, const Experiment& e, const Row& r, Size size) {
  try {
    training_ = std::make_unique<sweep::TrialTraining>(words_of(e, r, size == Size::full), size);
    check_measure(e);
  } catch (const ValueError& error) {
    throw ValueError(fmt::format("'{}', line {}: [{}.{}]: {}", p.file, r.line, e.name, r.name, error.what()));
  }
}

void RowTraining::check_measure(const Experiment& e) const {
  if (e.measure == "loss") return;
  const Task& task = training_->task();
  const auto meter = meter_of(task);
  std::vector<std::string> known{"loss"};
  if (meter) {
    test_loss(training_->model(), task, Split::valid, training_->settings(), 1, meter.get());
    for (const Measure& x : meter->measures()) known.push_back(x.name);
  }
  check_name("measure", e.measure, known);
}

}  // namespace ebb::app::papers
