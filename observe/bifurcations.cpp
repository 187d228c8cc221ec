#include <cmath>
#include <ebb/observe/bifurcations.hpp>
#include <ebb/ops/error.hpp>
#include <string>

namespace ebb {

Bifurcations bifurcations(const std::function<int(double value)>& count, double low, double high,
                          const BifurcationOptions& o) {
  if (!(low < high) || !std::isfinite(low) || !std::isfinite(high))
    throw ValueError("bifurcations: the interval from " + std::to_string(low) + " to " + std::to_string(high) +
                     " is empty or infinite");
  if (o.pieces < 1 || !(o.tolerance > 0))
    throw ValueError("bifurcations: pieces must be at least 1 and the tolerance positive, but are " +
                     std::to_string(o.pieces) + " and " + std::to_string(o.tolerance));
  Bifurcations result;
  for (int k = 0; k <= o.pieces; ++k) {
    result.values.push_back(low + (high - low) * k / o.pieces);
    result.points.push_back(count(result.values.back()));
  }
  for (std::size_t k = 0; k + 1 < result.values.size(); ++k) {
    if (result.points[k] == result.points[k + 1]) continue;
    Bifurcation b{result.values[k], result.values[k + 1], result.points[k], result.points[k + 1]};
    for (double middle = b.at(); b.high - b.low > o.tolerance && b.low < middle && middle < b.high; middle = b.at()) {
      const int points = count(middle);
      if (points == b.below) b.low = middle;
      else {
        b.high = middle;
        b.above = points;
      }
    }
    result.found.push_back(b);
  }
  return result;
}

}  // namespace ebb
