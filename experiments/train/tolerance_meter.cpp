#include <cmath>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/experiments/train/tolerance_meter.hpp>

namespace ebb::app {

ToleranceMeter::ToleranceMeter(double tolerance, double baseline, std::string baseline_about)
    : tolerance_(tolerance), baseline_(baseline), baseline_about_(std::move(baseline_about)) {}

void ToleranceMeter::update(const Batch& batch, const Result& r) {
  const Array& wanted = std::get<LastStep>(batch.get<SimpleBatch>().targets).values;
  const Array& values = class_scores.of(r);
  for (int row = 0; row < wanted.dim(0); ++row) {
    bool right = true;
    for (int k = 0; k < wanted.dim(1); ++k)
      right = right && std::abs(values.at({row, k}) - wanted.at({row, k})) < tolerance_;
    right_ += right;
    all_ += 1;
  }
}

std::vector<Measure> ToleranceMeter::measures() const {
  if (all_ == 0) throw ValueError("nothing was measured");
  return {{.name = "correct",
           .value = 100 * right_ / all_,
           .unit = "%",
           .baseline = baseline_,
           .baseline_about = baseline_about_}};
}

}  // namespace ebb::app
