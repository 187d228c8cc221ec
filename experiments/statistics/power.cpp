#include <algorithm>
#include <cmath>
#include <ebb/experiments/statistics/distributions.hpp>
#include <ebb/experiments/statistics/power.hpp>

namespace ebb::app::statistics {

double power_of_t(double effect, int n, double level) {
  return noncentral_t_two_sided(t_quantile(1 - level / 2, n - 1), n - 1, std::sqrt(static_cast<double>(n)) * effect);
}

std::optional<int> needed_for(double effect) {
  constexpr double wanted = .8, enough_for_two = 20;
  constexpr int most = 10'000;
  if (!(std::abs(effect) > 0)) return std::nullopt;  // NaN, too
  const double one = std::min(std::abs(effect), enough_for_two);
  const auto enough = [&](int n) { return power_of_t(one, n) >= wanted; };
  int low = 1, high = 2;  // too few, or none; enough
  while (!enough(high)) {
    if (high == most) return std::nullopt;
    low = high;
    high = std::min(2 * high, most);
  }
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (enough(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace ebb::app::statistics
