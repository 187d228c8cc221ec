#include <algorithm>
#include <cmath>
#include <ebb/observe/spectrum_summary.hpp>
#include <limits>
#include <numeric>

namespace ebb {

double kaplan_yorke(const std::vector<double>& exponents, bool all) {
  double sum = 0;
  for (std::size_t j = 0; j < exponents.size(); ++j) {
    const double next = sum + exponents[j];
    if (next < 0) return static_cast<double>(j) + (std::isinf(exponents[j]) ? 0 : sum / -exponents[j]);
    sum = next;
  }
  return all ? static_cast<double>(exponents.size()) : std::numeric_limits<double>::quiet_NaN();
}

namespace detail {

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// The exponents, with those of the size of rounding as zero: their signs mean nothing.
std::vector<double> rounded(std::vector<double> exponents) {
  for (double& x : exponents)
    if (std::abs(x) < exponent_rounding) x = 0;
  return exponents;
}

/// Whether exponents that were not followed may be positive.
bool misses_positive(const std::vector<double>& exponents, int S) {
  return exponents.size() < static_cast<std::size_t>(S) && exponents.back() > 0;
}

double entropy_of(const std::vector<double>& exponents, int S) {
  if (misses_positive(exponents, S)) return unknown;
  double sum = 0;
  for (const double x : exponents) sum += std::max(x, 0.);
  return sum;
}

double positive_share_of(const std::vector<double>& exponents, int S) {
  if (misses_positive(exponents, S)) return unknown;
  const auto positive = std::count_if(exponents.begin(), exponents.end(), [](double x) { return x > 0; });
  return static_cast<double>(positive) / S;
}

double mean_of(const std::vector<double>& exponents, int S) {
  if (exponents.size() < static_cast<std::size_t>(S)) return unknown;
  return std::accumulate(exponents.begin(), exponents.end(), 0.) / S;
}

/// Exponents from all blocks but one; without = -1: from all.
std::vector<double> exponents_without(const Array& blocks, const std::vector<int>& lengths, int without) {
  std::vector<double> mean(static_cast<std::size_t>(blocks.dim(1)));
  int steps = 0;
  for (int block = 0; block < blocks.dim(0); ++block) {
    const int length = lengths[static_cast<std::size_t>(block)];
    if (block == without) continue;
    steps += length;
    for (int i = 0; i < blocks.dim(1); ++i) mean[static_cast<std::size_t>(i)] += length * blocks.at({block, i});
  }
  for (double& x : mean) x /= steps;
  return mean;
}

/// A value from all blocks, with its error from the values without each block.
Estimate jackknife(double value, const std::vector<double>& without) {
  if (std::isinf(value)) return {value, 0};
  const auto n = static_cast<double>(without.size());
  double mean = 0, squares = 0;
  for (const double x : without) mean += x / n;
  for (const double x : without) squares += (x - mean) * (x - mean);
  return {value, std::sqrt(squares * (n - 1) / n)};
}

/// f of all blocks. means: the exponents without each block, then those of all blocks.
template <class F> Estimate jackknife(const std::vector<std::vector<double>>& means, const F& f) {
  std::vector<double> values;
  for (const std::vector<double>& x : means) values.push_back(f(x));
  const double value = values.back();
  values.pop_back();
  return jackknife(value, values);
}

}  // namespace

void summarise(Lyapunov& l, const Array& growth) {
  const int B = growth.dim(0), n = growth.dim(1), k = growth.dim(2);
  std::vector<int> lengths;
  for (std::int64_t block = 0; block < n; ++block) {
    const auto first = [&](std::int64_t which) { return (which * l.steps + n - 1) / n; };
    lengths.push_back(static_cast<int>(first(block + 1) - first(block)));
  }
  l.of_rows = Array::zeros({B, k}, f64);
  l.of_blocks = Array::zeros({n, k}, f64);
  for (int b = 0; b < B; ++b)
    for (int block = 0; block < n; ++block)
      for (int i = 0; i < k; ++i) {
        const double g = growth.at({b, block, i}), length = lengths[static_cast<std::size_t>(block)];
        const std::int64_t row = std::int64_t{b} * k + i, of_block = std::int64_t{block} * k + i;
        l.of_rows.set_flat(row, l.of_rows.at_flat(row) + g / l.steps);
        l.of_blocks.set_flat(of_block, l.of_blocks.at_flat(of_block) + g / length / B);
      }
  std::vector<std::vector<double>> means;
  for (int block = 0; block < n; ++block) means.push_back(exponents_without(l.of_blocks, lengths, block));
  means.push_back(exponents_without(l.of_blocks, lengths, -1));
  for (std::size_t i = 0; i < means[0].size(); ++i)
    l.exponents.push_back(jackknife(means, [&](const auto& x) { return x[i]; }));
  const int S = l.state_size;
  l.mean = jackknife(means, [&](const auto& x) { return mean_of(x, S); });
  l.dimension = jackknife(means, [&](const auto& x) { return kaplan_yorke(rounded(x), k == S); });
  l.entropy_rate = jackknife(means, [&](const auto& x) { return entropy_of(rounded(x), S); });
  l.positive_share = jackknife(means, [&](const auto& x) { return positive_share_of(rounded(x), S); });
}

Determinants::Determinants(int rows, int blocks)
    : of_rows(static_cast<std::size_t>(rows)), sums_(static_cast<std::size_t>(blocks)), counts_(sums_.size()) {}

void Determinants::count(int block) {
  const auto at = static_cast<std::size_t>(block);
  for (const double x : of_rows) sums_[at] += x;
  counts_[at] += static_cast<int>(of_rows.size());
}

Estimate Determinants::mean(int S) const {
  const double sum = std::accumulate(sums_.begin(), sums_.end(), 0.);
  const int count = std::accumulate(counts_.begin(), counts_.end(), 0);
  if (count == 0) return {unknown, unknown};
  std::vector<double> without;
  for (std::size_t block = 0; block < sums_.size(); ++block)
    if (counts_[block] > 0) without.push_back((sum - sums_[block]) / (count - counts_[block]) / S);
  return jackknife(sum / count / S, without);
}

}  // namespace detail
}  // namespace ebb
