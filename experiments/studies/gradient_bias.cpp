#include <ebb/experiments/studies/gradient_bias.hpp>

namespace ebb::app {

Bias bias_between(const Array& estimate, const Array& full) {
  double product = 0, of_estimate = 0, of_full = 0, between = 0;
  for (std::int64_t k = 0; k < full.size(); ++k) {
    const double x = estimate.at_flat(k), y = full.at_flat(k);
    product += x * y;
    of_estimate += x * x;
    of_full += y * y;
    between += (x - y) * (x - y);
  }
  return {.cosine = product / std::sqrt(of_estimate * of_full),
          .ratio = std::sqrt(of_estimate / of_full),
          .difference = std::sqrt(between / of_full)};
}

}  // namespace ebb::app
