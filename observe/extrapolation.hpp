#pragma once
#include <ebb/observe/estimate.hpp>
#include <vector>

namespace ebb {

/// A quantity measured in a system of N numbers.
struct SizedValue {
  double size = 0;  ///< N
  double value = 0;
  double error = 0;  ///< standard error, as far as it is known
};

/// Its limit in large systems, value(N) = limit + slope / N.
struct SizeLimit {
  Estimate limit, slope;
  double residual = 0;  ///< weighted root mean square deviation from the line, in units of the value
};

/// The limit by least squares over systems of several sizes.
///
///     minimise the sum of N_k (value_k - limit - slope / N_k)^2
///
/// The weights N_k are right for a quantity that averages itself over N numbers, whose variance falls as 1 / N. Errors
/// come from the deviations from the line, so that they include the differences between systems of one size, if there
/// are several seeds, and the curvature in 1 / N; or from the errors of the values, if those give more, as they do
/// where a few values happen to lie on a line.
///
/// Errors    ValueError for fewer than three values, fewer than two different sizes, or a size or value that is not
///           finite, or a size that is not positive
SizeLimit limit_of_size(const std::vector<SizedValue>&);

}  // namespace ebb
