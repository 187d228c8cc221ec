#include <fmt/format.h>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>

namespace ebb::app::observe {

Drive drive_of(const Subject& s, const Amount& a, int steps) {
  if (a.free) return Drive::held(Array::zeros({a.rows, s.inputs(s.length, 1).dim(2)}, f64), steps);
  return Drive(s.inputs(steps, a.rows));
}

std::string drive_text(const Subject& s, const Amount& a) {
  const std::string sequences =
      fmt::format("{} sequence{} of {} steps", a.rows, a.rows == 1 ? "" : "s", count_text(a.steps));
  return a.free ? sequences + " with zero inputs" : sequences + " of the test split of " + s.task().name();
}

std::string estimate_text(double value, double error) {
  return fmt::format("{} ± {}", number_text(value), number_text(error));
}

}  // namespace ebb::app::observe
