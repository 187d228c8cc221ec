#pragma once
#include <ebb/observe/gates.hpp>
#include <string>
#include <vector>

namespace ebb {

struct MemoryGateOptions {
  double misfit = .2;  ///< the largest of a memory gate
  int probes = 8;      ///< steps at which J_t is computed
  bool best = true;    ///< only the best gate of each field, or of each of its heads; otherwise all within the misfit
  StepContext at = {};
};

/// A watched value f in [0, 1] that multiplies a field s of the state.
struct MemoryGate {
  std::string name;         ///< of the value: "f"
  std::string field;        ///< of the state: "c"
  int from = 0;             ///< first unit of the field that it multiplies: above zero for the later heads of a cell
  bool complement = false;  ///< 1 - f multiplies it
  double misfit = 0;        ///< of the factor and ds'_i/ds_i, relative
  Array rate_of_units;      ///< [U], the mean of ln f_i, or of ln(1 - f_i), over time and rows, in nats per step
  Quartiles time_scales;    ///< -1 / rate in steps, over units

  /// The rate at which the norm of a gradient would change if it came back through this gate alone, from equal parts in
  /// all units: the slope of ln sqrt(mean over i of exp(2 l rate_i)) against the lag l by least squares, nats per step.
  /// Errors    ValueError unless 0 <= first < last
  double alone(int first, int last) const;
};

/// Which gates are memories: the watched values that multiply the state, found from the cell's Jacobian along the
/// inputs and not from its equations.
///
///     misfit = sqrt(sum (ds'_i/ds_i - f_i)^2 / sum f_i^2),   over units, rows and probed steps
///
/// A value whose number of units is the width of a field, or an equal part of it (a head), is a candidate for that
/// field, as f and as 1 - f. Each field, or each of its heads, has at most one memory gate, the candidate with the
/// smallest misfit, if that is small enough: f for c of an LSTM (misfit 0), z for h of `gru`, 1 - z for h of `mingru`,
/// head2/f for the second part of c of `slstm`. For h of a GRU the diagonal of the recurrent matrices adds to
/// ds'_i/ds_i, so the misfit is not zero. A cell without such a value has an empty result. The gate of the first step,
/// which multiplies the initial state, does not count, unless it is the only one.
///
/// Shapes    start [B, S], or empty for the cell's own
/// Errors    ValueError if an option is out of range; as gates
/// Numerics  float64. A rate is -inf for a unit whose factor is ever zero
/// Cost      one step of B rows without recording, for each step, and at each probe J_t: S rows of one step and its
///           reverse pass
std::vector<MemoryGate> memory_gates(const Cell&, const Drive&, const Array& start = Array(),
                                     const MemoryGateOptions& = {});

}  // namespace ebb
