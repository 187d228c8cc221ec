#pragma once
#include <ebb/observe/parameter_vector.hpp>
#include <ebb/observe/sensitivity.hpp>

namespace ebb::detail {

/// A cell with its inputs and the parameters to differentiate by.
struct SensitivityRun {
  const Cell& cell;
  const ParameterVector& p;
  const Array theta;  // [N]; bindings of the caller do not apply on other threads
  const Drive& drive;
  const Array& start;
  const SensitivityOptions& o;
};

/// Fills in norms, and for by_source the parts.
void exact_sensitivity(const SensitivityRun&, Sensitivity&);
/// Fills in norms and their errors.
void estimated_sensitivity(const SensitivityRun&, Sensitivity&);

/// Errors    ValueError, with the time, if an element is not finite
void check_sensitivity(const Array& S, int time);

}  // namespace ebb::detail
