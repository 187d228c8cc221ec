#include <algorithm>
#include <cmath>
#include <ebb/experiments/statistics/distributions.hpp>
#include <ebb/experiments/statistics/interval.hpp>
#include <ebb/ops/random.hpp>
#include <limits>

namespace ebb::app::statistics {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

double size_of(const std::vector<double>& x) { return static_cast<double>(x.size()); }

// Interpolated linearly; numbers are sorted.
double quantile_of(const std::vector<double>& sorted, double p) {
  const double at = p * (size_of(sorted) - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

// The skewness of the mean over 6, from the jackknife.
double acceleration(const std::vector<double>& x, double mean) {
  double squares = 0, cubes = 0;
  for (const double v : x) {
    squares += (v - mean) * (v - mean);
    cubes += (v - mean) * (v - mean) * (v - mean);
  }
  return cubes / (6 * std::pow(squares, 1.5));
}

// Phi^-1 of the share of means below the mean, those equal to it counted as half below.
double bias(const std::vector<double>& sorted, double mean) {
  const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), mean);
  const double below = static_cast<double>((first - sorted.begin()) + (last - sorted.begin()));
  const double share = below / (2 * size_of(sorted)), least = .5 / size_of(sorted);
  return normal_quantile(std::clamp(share, least, 1 - least));
}

}  // namespace

Moments moments(const std::vector<double>& x) {
  if (x.empty()) return {unknown, unknown};
  double sum = 0, squares = 0;
  for (const double v : x) sum += v;
  const double mean = sum / size_of(x);
  for (const double v : x) squares += (v - mean) * (v - mean);
  return {mean, x.size() > 1 ? std::sqrt(squares / (size_of(x) - 1)) : 0};
}

Interval t_interval(const std::vector<double>& x, double of) {
  const auto [mean, deviation] = moments(x);
  if (x.size() < 2) return {mean, unknown, unknown, Method::none};
  const double half = t_quantile((1 + of) / 2, size_of(x) - 1) * deviation / std::sqrt(size_of(x));
  return {mean, mean - half, mean + half, Method::t};
}

std::vector<double> resampled_means(const std::vector<double>& x, int resamples) {
  const Key key = Key{1}.named("bootstrap");
  const int n = static_cast<int>(x.size());
  std::vector<double> means;
  means.reserve(static_cast<std::size_t>(resamples));
  for (int b = 0; b < resamples; ++b) {
    const Key of_sample = key.at(static_cast<std::uint64_t>(b));
    double sum = 0;
    for (int k = 0; k < n; ++k) sum += x[static_cast<std::size_t>(of_sample.below(n, static_cast<std::uint64_t>(k)))];
    means.push_back(sum / n);
  }
  return means;
}

Interval bca_of_means(const std::vector<double>& x, std::vector<double> means, double tail) {
  const auto [mean, deviation] = moments(x);
  if (x.size() < 2 || means.empty()) return {mean, unknown, unknown, Method::none};
  if (deviation == 0) return {mean, mean, mean, Method::bca};
  std::sort(means.begin(), means.end());
  const double z0 = bias(means, mean), a = acceleration(x, mean), z = normal_quantile(tail);
  const auto end = [&](double at) { return quantile_of(means, normal_cdf(z0 + (z0 + at) / (1 - a * (z0 + at)))); };
  return {mean, end(z), end(-z), Method::bca};
}

Interval bca_interval(const std::vector<double>& x, double of, int resamples) {
  const double n = size_of(x);
  if (x.size() < 2) return t_interval(x, of);
  const double z = std::sqrt(n / (n - 1)) * t_quantile((1 + of) / 2, n - 1);
  return bca_of_means(x, resampled_means(x, resamples), normal_cdf(-z));
}

Interval interval_of_mean(const std::vector<double>& x) {
  return x.size() < least_for_bootstrap ? t_interval(x) : bca_interval(x);
}

}  // namespace ebb::app::statistics
