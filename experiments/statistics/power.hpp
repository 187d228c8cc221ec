#pragma once
#include <optional>

namespace ebb::app::statistics {

/// The chance that a two-sided paired t test of n differences shows an effect at the given level.
///
///     power = P(|T'| > t(n - 1, 1 - level / 2)),  T' noncentral t with n - 1 degrees and noncentrality sqrt(n) effect
///
/// effect    mean of the differences over their standard deviation
/// Source    Cohen 1988, Statistical power analysis for the behavioral sciences, ISBN 0-8058-0283-5, chapter 2
double power_of_t(double effect, int n, double level = .05);

/// The fewest differences with which a paired t test at the level of 5 % shows an effect of this size with a chance of
/// 80 %; none if more than 10,000 are needed, or the effect is zero.
std::optional<int> needed_for(double effect);

}  // namespace ebb::app::statistics
