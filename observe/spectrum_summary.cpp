#include <algorithm>
#include <cmath>
#include <ebb/observe/spectrum_summary.hpp>
#include <limits>

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

double entropy_of(const std::vector<double>& exponents) {
  double sum = 0;
  for (const double x : exponents) sum += std::max(x, 0.);
  return sum;
}

double positive_share_of(const std::vector<double>& exponents) {
  const auto positive = std::count_if(exponents.begin(), exponents.end(), [](double x) { return x > 0; });
  return static_cast<double>(positive) / static_cast<double>(exponents.size());
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

/// f of all blocks with its jackknife error. means: the exponents without each block, then those of all blocks.
template <class F> Estimate jackknife(const std::vector<std::vector<double>>& means, const F& f) {
  const auto n = static_cast<double>(means.size() - 1);
  std::vector<double> values;
  for (const std::vector<double>& x : means) values.push_back(f(x));
  const double value = values.back();
  if (std::isinf(value)) return {value, 0};
  values.pop_back();
  double mean = 0, squares = 0;
  for (const double x : values) mean += x / n;
  for (const double x : values) squares += (x - mean) * (x - mean);
  return {value, std::sqrt(squares * (n - 1) / n)};
}

}  // namespace

void summarise(Lyapunov& l, const Array& growth, bool all) {
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
  l.dimension = jackknife(means, [&](const auto& x) { return kaplan_yorke(x, all); });
  l.entropy_rate = jackknife(means, entropy_of);
  l.positive_share = jackknife(means, positive_share_of);
}

}  // namespace detail
}  // namespace ebb
