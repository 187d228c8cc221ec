#pragma once
#include <cstdint>
#include <ebb/experiments/sweep/axis.hpp>

namespace ebb::app::sweep {

/// One choice of values, by axis; or, in a plan without axes, a name, with words of its own.
struct Configuration {
  int number = 1;  ///< from 1, in the order in which they are trained
  std::vector<std::string> values{};
  std::string name{};                ///< in place of its values
  std::vector<std::string> words{};  ///< of `ebb train`, after those of the plan
  int steps = 0;                     ///< updates of a whole run; 0: those of the plan
};

/// "cell gru, lr 0.001", or its name
std::string text_of(const std::vector<Axis>&, const Configuration&);

/// All combinations; the last axis varies fastest.
///
/// Errors    as grid_values; ValueError for more than 100,000
std::vector<Configuration> grid_of(const std::vector<Axis>&);

/// n different random combinations. Each value is drawn by a key of the sample, the axis and the number of the draw, so
/// the same arguments give the same combinations, and a larger n adds to those of a smaller one.
///
/// Errors    ValueError if there are fewer different ones
std::vector<Configuration> random_of(const std::vector<Axis>&, int n, std::uint64_t sample);

}  // namespace ebb::app::sweep
