#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/commands/update_times.hpp>
#include <ebb/experiments/report/text_format.hpp>

namespace ebb::app {

double median_of(std::vector<double> x) {
  if (x.empty()) return NAN;
  std::sort(x.begin(), x.end());
  return (x[(x.size() - 1) / 2] + x[x.size() / 2]) / 2;
}

std::string slowest_text(const std::vector<double>& seconds) {
  constexpr double unusual = 2;
  const auto slowest = std::max_element(seconds.begin(), seconds.end());
  const double median = median_of(seconds);
  if (seconds.size() < 3 || !(*slowest > unusual * median)) return {};
  return fmt::format(
      "Update {} took {} ms, {:.1f} times the median of {} ms, and is part of these means: the processor was busy, "
      "or its sequences are longer. Repeat the command, or raise --updates.",
      slowest - seconds.begin() + 1, number_text(1e3 * *slowest), *slowest / median, number_text(1e3 * median));
}

}  // namespace ebb::app
