#pragma once
#include <ebb/observe/lyapunov.hpp>
#include <vector>

namespace ebb::detail {

/// Fills in exponents, mean, dimension, entropy rate and share with their errors. If only the leading exponents are
/// given, what depends on others is NaN.
///
/// Shapes    growth [B, blocks, k]: sums of logarithms, in descending order of their total in each row
void summarise(Lyapunov&, const Array& growth);

/// Sums of ln |det J_t| over the steps at which it was computed.
class Determinants {
 public:
  Determinants(int rows, int blocks);
  std::vector<double> of_rows;  ///< of one step, to be counted
  /// Adds the rows of a step to a block.
  void count(int block);
  /// The mean over rows and steps, divided by S, with its jackknife error; NaN if nothing was counted.
  Estimate mean(int S) const;

 private:
  std::vector<double> sums_;
  std::vector<int> counts_;
};

}  // namespace ebb::detail
