#pragma once
#include <ebb/observe/trajectory.hpp>
#include <string>
#include <vector>

namespace ebb {

struct GateOptions {
  int bins = 50;       ///< of the histograms, equal in width
  double margin = .1;  ///< a value in [0, 1] is saturated if it is within the margin of 0 or 1
  int warm_up = 0;     ///< steps before the measurement
  StepContext at = {};
};

/// Values in ascending order of size: their extremes and quartiles, linearly interpolated.
struct Quartiles {
  double least = 0, first = 0, median = 0, third = 0, most = 0;
};

/// What one named value of a cell's step did along the inputs: a gate, a candidate, any value passed to `watch`.
struct GateSummary {
  std::string name;                ///< as in a Watch: "f", in a stack "1/f"
  int units = 0;                   ///< U, values per row and step
  int rows = 0;                    ///< B; 1 for a value that is the same for all rows
  double mean = 0, deviation = 0;  ///< over time, rows and units
  double low = 0, high = 0;        ///< range of the histogram: [0, 1] if all values lie in it, else the extremes
  std::vector<double> histogram;   ///< share of the values in each bin
  Array mean_by_time;              ///< [T], over rows and units
  Array mean_of_units;             ///< [U], over time and rows

  bool unit_interval = false;          ///< all values lie in [0, 1]; otherwise the rest stays empty, and the shares NaN
  double near_zero = 0, near_one = 0;  ///< shares of all values that are saturated on this side
  Array near_zero_of_units, near_one_of_units;  ///< [U]
  Array time_scale_of_units;                    ///< [U], tau in steps; 0 if a value is 0, infinite if all values are 1
  Quartiles time_scales;                        ///< over units
};

/// Statistics of every value that a cell names with `watch`, along its inputs: where gates saturate, and over how many
/// steps a gate f keeps what it multiplies.
///
///     near_zero = share of f < margin,   near_one = share of f > 1 - margin
///
///     tau = -1 / mean of ln f, over time and rows
///
/// A state multiplied by f_1 ... f_T shrinks by exp(-T / tau). For a constant f, tau = -1 / ln f, which differs from
/// 1 / (1 - f) by half a step if f is close to 1.
///
///     for (const GateSummary& g : gates(*cell, x)) std::cout << g.name << ": " << g.near_zero << " closed\n";
///
/// A cell of your own takes part by naming its values: `watch("f", f)` (writing-a-cell.md). A cell that names none has
/// an empty result. Whether a value is a gate is decided by its values alone, which must all lie in [0, 1].
///
/// Shapes    start [B, S], or empty for the cell's own
/// Errors    ValueError if an option is out of range, or a value is infinite or NaN (with its name and step); as
///           Trajectory
/// Numerics  float64, whatever the element type of the parameters. The deviation is computed from differences to the
///           value of the first element, so a large mean does not swamp it
/// Cost      one step of B rows without recording, for each step; the same again if a value leaves [0, 1], to count its
///           histogram over its extremes. A fused lambda that names values also runs unfused. Memory does not grow with T,
///           except for mean_by_time
/// Source    saturated gates: Karpathy, Johnson & Fei-Fei 2015, arXiv:1506.02078; time scales: Tallec & Ollivier 2018,
///           arXiv:1804.11188, whose 1 / (1 - f) is the limit for f near 1
std::vector<GateSummary> gates(const Cell&, const Drive&, const Array& start = Array(), const GateOptions& = {});

namespace detail {
/// Of at least one value.
Quartiles quartiles_of(const Array& values);
}  // namespace detail

}  // namespace ebb
