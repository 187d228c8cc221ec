#include <algorithm>
#include <cmath>
#include <ebb/experiments/tasks/music/keys.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <numeric>

namespace ebb::app {
namespace {

double log_sum(double a, double b) {
  const double most = std::max(a, b);
  return most == -INFINITY ? most : most + std::log1p(std::exp(std::min(a, b) - most));
}

double sigmoid(double z) { return 1 / (1 + std::exp(-z)); }

// The most probable keys, by their logits; of equal ones, the lower first.
std::vector<int> best_keys(const Array& logits, int most) {
  std::vector<int> keys(static_cast<std::size_t>(logits.size()));
  std::iota(keys.begin(), keys.end(), 0);
  const auto z = [&](int key) { return logits.at_flat(key); };
  std::sort(keys.begin(), keys.end(), [&](int a, int b) { return z(a) > z(b) || (z(a) == z(b) && a < b); });
  if (most > 0 && most < static_cast<int>(keys.size())) keys.resize(static_cast<std::size_t>(most));
  return keys;
}

// Draws n of the keys, a set S with probability proportional to exp(sum of z over S). all[k][j] is the logarithm of
// that sum over all sets of j among the first k keys. It gives the probability that the last key is in the set, then
// that of the one before it, and so on.
Chord draw(const std::vector<int>& keys, const std::vector<double>& z, std::size_t n, Key random) {
  std::vector<std::vector<double>> all(keys.size() + 1, std::vector<double>(n + 1, -INFINITY));
  all[0][0] = 0;
  for (std::size_t k = 1; k <= keys.size(); ++k)
    for (std::size_t j = 0; j <= n; ++j) all[k][j] = j == 0 ? 0 : log_sum(all[k - 1][j], all[k - 1][j - 1] + z[k - 1]);
  Chord chord;
  for (std::size_t k = keys.size(), left = n; left > 0; --k) {
    const double chance = k == left ? 1 : std::exp(all[k - 1][left - 1] + z[k - 1] - all[k][left]);
    if (random.uniform(static_cast<std::uint64_t>(keys[k - 1])) >= chance) continue;
    chord.push_back(keys[k - 1]);
    --left;
  }
  return chord;
}

}  // namespace

Chord choose_keys(const Array& logits, Key random, const KeyChoice& choice) {
  if (!(choice.temperature > 0)) throw ValueError("the temperature must be above 0");
  if (choice.top_k < 0) throw ValueError("top-k must be at least 0");
  if (!all_finite(logits)) throw ValueError("the model's probabilities of keys are not finite");
  const double temperature =
      std::max(choice.temperature, 1e-6);  // smaller values choose the same keys but lose precision
  const std::vector<int> keys = best_keys(logits, choice.top_k);
  double expected = 0;
  std::size_t drawn = 0;
  std::vector<double> z;
  for (const int key : keys) {
    const double p = sigmoid(logits.at_flat(key));
    expected += p;
    drawn += random.uniform(static_cast<std::uint64_t>(key)) < p;
    z.push_back(logits.at_flat(key) / temperature);
  }
  Chord chord = choice.greedy ? Chord(keys.begin(), keys.begin() + std::lround(expected))
                              : draw(keys, z, drawn, random.named("which"));
  std::sort(chord.begin(), chord.end());
  return chord;
}

}  // namespace ebb::app
