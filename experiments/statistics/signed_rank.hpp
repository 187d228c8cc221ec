#pragma once
#include <vector>

namespace ebb::app::statistics {

/// Wilcoxon's signed-rank test, two-sided, of the hypothesis that differences are symmetric about zero.
struct SignedRank {
  double statistic;  ///< the smaller of the sums of the ranks of |d| over d > 0 and over d < 0
  double p;          ///< 1 if every difference is zero
  bool exact;        ///< from the distribution over all signs; otherwise from its normal approximation
};

/// Zeros are left out, and equal |d| share the mean of their ranks. The distribution over all signs is used up to 50
/// differences or, if some are zero or tied, up to 13; beyond, with R the sum over d > 0 and t the sizes of ties,
///
///     z = (R - n (n + 1) / 4) / sqrt((n (n + 1) (2 n + 1) - sum (t^3 - t) / 2) / 24)
///
/// as scipy.stats.wilcoxon does by default, with the same results.
///
/// Cost      n^3 additions
/// Source    Wilcoxon 1945, doi:10.2307/3001968
SignedRank signed_rank(const std::vector<double>& differences);

/// The fewest seeds for which the test, among so many that Holm corrects together, can reach the level of 5 %: the
/// least n with 2 tests / 2^n < .05; 6 for a single one, because the smallest p-value of 5 seeds is 1/16.
int least_for_signed_rank(int tests);

/// Holm's adjusted p-values, in the given order: the chance that any of the hypotheses that are rejected is true stays
/// below the level.
///
///     p'(k) = max over j <= k of min(1, (m - j + 1) p(j)),  p(1) <= ... <= p(m)
///
/// Source    Holm 1979, https://www.jstor.org/stable/4615733
std::vector<double> holm(const std::vector<double>& p);

}  // namespace ebb::app::statistics
