#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/commands/update_times.hpp>
#include <ebb/experiments/report/text_format.hpp>

namespace ebb::app {
namespace {

/// The slowest of these updates, if it took more than twice the median; empty for fewer than three.
std::string slowest_of(const std::vector<double>& seconds) {
  constexpr double unusual = 2;
  const auto slowest = std::max_element(seconds.begin(), seconds.end());
  const double median = median_of(seconds);
  if (seconds.size() < 3 || !(*slowest > unusual * median)) return {};
  return fmt::format("update {} took {} ms, {:.1f} times the median of {} ms", slowest - seconds.begin() + 1,
                     number_text(1e3 * *slowest), *slowest / median, number_text(1e3 * median));
}

}  // namespace

double median_of(std::vector<double> x) {
  if (x.empty()) return NAN;
  std::sort(x.begin(), x.end());
  return (x[(x.size() - 1) / 2] + x[x.size() / 2]) / 2;
}

std::string slowest_text(const std::vector<double>& plain, const std::vector<double>& profiled) {
  const std::string without = slowest_of(plain), with = slowest_of(profiled);
  std::string text;
  if (!without.empty())
    text += fmt::format("Without the profile, {}, and is part of the mean of loss and gradient. ", without);
  if (!with.empty()) text += fmt::format("With the profile on, {}, and is part of the means in the tables. ", with);
  if (text.empty()) return {};
  return text + "The processor was busy, or an update has longer sequences: repeat the command, or raise --updates.";
}

}  // namespace ebb::app
