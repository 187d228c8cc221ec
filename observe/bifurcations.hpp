#pragma once
#include <functional>
#include <vector>

namespace ebb {

struct BifurcationOptions {
  int pieces = 20;          ///< of the interval, at whose ends points are counted
  double tolerance = 1e-6;  ///< width to which an interval is bisected
};

/// A value of a parameter at which the number of fixed points changes.
struct Bifurcation {
  double low = 0, high = 0;  ///< between these values
  int below = 0, above = 0;  ///< number of points at low and at high
  double at() const { return low + (high - low) / 2; }
};

struct Bifurcations {
  std::vector<double> values;      ///< pieces + 1, at equal distances
  std::vector<int> points;         ///< number of points at each
  std::vector<Bifurcation> found;  ///< in ascending order
};

/// The values in [low, high] at which the number of points changes, by bisection of each piece at whose ends it
/// differs. count(value) returns the number of fixed points of a cell with this value:
///
///     bifurcations([&](double b) { return int(fixed_points(*cell_of(b), x, starts).points.size()); }, -3, -2);
///
/// Two changes within one piece that cancel are not seen; of several that do not, one is found. Where points
/// annihilate, their distance is proportional to the square root of the distance from the bifurcation, so points closer
/// than FixedPointOptions::distance, d, count as one up to about d^2 from it.
///
/// Errors    ValueError if low is not below high, pieces < 1 or tolerance is not positive; errors of count
/// Cost      pieces + 1 counts, and log2 of a piece's width over the tolerance for each bifurcation
Bifurcations bifurcations(const std::function<int(double value)>& count, double low, double high,
                          const BifurcationOptions& = {});

}  // namespace ebb
