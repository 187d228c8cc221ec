#pragma once
#include <ebb/autograd/shards.hpp>
#include <ebb/observe/estimate.hpp>
#include <vector>

namespace ebb {

/// How much the gradient of a batch differs from that of all data. Sigma is the covariance of the gradients of single
/// rows, G the gradient of the expected loss.
struct GradientNoise {
  Estimate scale;    ///< tr(Sigma) / |G|^2, in rows: batches much smaller are dominated by noise
  Estimate squares;  ///< |G|^2, unbiased, so it may be negative
  Estimate trace;    ///< tr(Sigma), unbiased
  int groups = 0;    ///< gradients, or updates, from which the errors are estimated
};

/// The simple noise scale from gradients of n disjoint groups of rows, each the mean over `rows` rows.
///
///     tr(Sigma) = rows / (n - 1) sum over i of |g_i - mean g|^2;   |G|^2 = |mean g|^2 - tr(Sigma) / (rows n)
///
/// These are the two-batch-size estimators below with a small batch of `rows` and a large one of all n groups. Groups
/// of one row have the smallest error.
///
/// Shapes    gradients [n, N]
/// Errors    ValueError for fewer than three groups
/// Numerics  float64. `scale` is a ratio of unbiased estimates, so it is biased by about its squared relative error;
///           NaN if the estimate of |G|^2 is not positive: there are too few rows to tell the gradient from zero. Errors
///           by the delete-one jackknife, about a third too large for eight groups
/// Source    McCandlish, Kaplan, Amodei et al. 2018, arXiv:1812.06162, section 2.2; jackknife: Efron & Stein 1981,
///           doi:10.1214/aos/1176345462
GradientNoise gradient_noise(const Array& gradients, int rows = 1);

/// The same for the rows of a batch: computes the gradient of each group of `rows` rows, in float64.
///
///     const GradientNoise noise = gradient_noise(w, {.rows = B}, [&](Shard& s) { return s.mean_rows(...); });
///
/// The loss must be a mean over rows: mean_rows, or mean_tokens of sequences of one length.
///
/// Errors    ValueError unless `rows` divides the batch into at least three groups; those of the loss
/// Cost      one backward per group; the gradients are kept, n N numbers
GradientNoise gradient_noise(const LeafSet&, const ShardOptions&, const ShardLoss& loss, int rows = 1);

/// The same during training, from squared norms of gradients for two batch sizes, means over b and B rows, as from
/// shards and their batch; one pair per update.
///
///     |G|^2 = mean of (B |g_B|^2 - b |g_b|^2) / (B - b);   tr(Sigma) = mean of (|g_b|^2 - |g_B|^2) / (1/b - 1/B)
///
///     GradientNoiseMeter meter(b, B);
///     meter.update(mean_of_squares, squares);
///     GradientNoise noise = meter.result();   // over the updates since the last clear()
///
/// Errors    ValueError unless 1 <= b < B; from result(), for fewer than three updates
/// Source    McCandlish et al. 2018, appendix A.1
class GradientNoiseMeter {
 public:
  GradientNoiseMeter(int small, int large);
  /// |g_b|^2, or its mean over the small batches of this update, and |g_B|^2.
  void update(double small_squares, double large_squares);
  GradientNoise result() const;
  void clear() { squares_.clear(), traces_.clear(); }

 private:
  double small_, large_;
  std::vector<double> squares_, traces_;
};

}  // namespace ebb
