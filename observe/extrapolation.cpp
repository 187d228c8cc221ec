#include <algorithm>
#include <cmath>
#include <ebb/observe/extrapolation.hpp>
#include <ebb/ops/error.hpp>
#include <string>

namespace ebb {

SizeLimit limit_of_size(const std::vector<SizedValue>& values) {
  if (values.size() < 3)
    throw ValueError("limit_of_size: a line with errors needs three values, not " + std::to_string(values.size()));
  double weights = 0, mean_x = 0, mean_y = 0;
  for (const SizedValue& v : values) {
    if (!(v.size > 0) || !std::isfinite(v.size) || !std::isfinite(v.value))
      throw ValueError("limit_of_size: the value " + std::to_string(v.value) + " at size " + std::to_string(v.size));
    weights += v.size;
    mean_x += 1;  // the weight times 1 / N
    mean_y += v.size * v.value;
  }
  mean_x /= weights;
  mean_y /= weights;
  double xx = 0, xy = 0, rest = 0;
  for (const SizedValue& v : values) {
    const double x = 1 / v.size - mean_x;
    xx += v.size * x * x;
    xy += v.size * x * (v.value - mean_y);
  }
  if (!(xx * weights > 1e-20)) throw ValueError("limit_of_size: all values have the same size");
  SizeLimit r;
  r.slope.value = xy / xx;
  r.limit.value = mean_y - r.slope.value * mean_x;
  for (const SizedValue& v : values) rest += v.size * std::pow(v.value - r.limit.value - r.slope.value / v.size, 2);
  const double variance = rest / static_cast<double>(values.size() - 2);  // of a value of weight one
  double slope = 0, limit = 0;                                            // variances from those of the values
  for (const SizedValue& v : values) {
    const double to_slope = v.size * (1 / v.size - mean_x) / xx, to_limit = v.size / weights - mean_x * to_slope;
    slope += std::pow(to_slope * v.error, 2);
    limit += std::pow(to_limit * v.error, 2);
  }
  r.slope.error = std::sqrt(std::max(slope, variance / xx));
  r.limit.error = std::sqrt(std::max(limit, variance * (1 / weights + mean_x * mean_x / xx)));
  r.residual = std::sqrt(rest / weights);
  return r;
}

}  // namespace ebb
