#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/nn/decoding/sample.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/reduce.hpp>
#include <limits>
#include <numeric>
#include <vector>

namespace ebb {

namespace {

using Numbers = std::vector<double>;

void check(const Array& logits, const SampleOptions& o) {
  if (logits.rank() < 1 || logits.columns() < 1) throw ShapeError("sample: there are no logits");
  if (!(o.temperature >= 0 && std::isfinite(o.temperature)))
    throw ValueError(fmt::format("sample: invalid temperature {}", o.temperature));
  if (o.top_k < 0) throw ValueError(fmt::format("sample: invalid top_k {}", o.top_k));
  if (!(o.top_p > 0 && o.top_p <= 1)) throw ValueError(fmt::format("sample: top_p = {} is outside (0, 1]", o.top_p));
}

Numbers logits_of(const Array& logits, std::int64_t row) {
  Numbers z(static_cast<std::size_t>(logits.columns()));
  double top = -std::numeric_limits<double>::infinity();
  bool nan = false;
  for (std::size_t k = 0; k < z.size(); ++k) {
    z[k] = logits.at_flat(row * logits.columns() + static_cast<std::int64_t>(k));
    nan = nan || std::isnan(z[k]);
    top = std::max(top, z[k]);
  }
  if (nan || !std::isfinite(top))
    throw ValueError(fmt::format("sample: row {} has no distribution: {}", row,
                                 nan ? "a logit is NaN" : fmt::format("the largest logit is {}", top)));
  for (double& x : z) x -= top;
  return z;
}

/// Keeps the first `kept` entries of the order, sets the others to zero and renormalises.
void cut(Numbers& p, const std::vector<std::size_t>& order, std::size_t kept) {
  double sum = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i >= kept) p[order[i]] = 0;
    sum += p[order[i]];
  }
  for (double& x : p) x /= sum;
}

Numbers probabilities_of(Numbers z, const SampleOptions& o) {
  for (double& x : z) x = o.temperature > 0 ? std::exp(x / o.temperature) : x == 0;
  std::vector<std::size_t> order(z.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (o.temperature > 0 && o.top_k == 0 && o.top_p == 1) {  // no truncation, so no sorting
    cut(z, order, z.size());
    return z;
  }
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return z[a] != z[b] ? z[a] > z[b] : a < b; });
  const std::size_t most = o.temperature == 0 ? 1 : o.top_k > 0 ? static_cast<std::size_t>(o.top_k) : z.size();
  cut(z, order, std::min(most, z.size()));
  if (o.top_p == 1) return z;
  std::size_t kept = 0;
  for (double sum = 0; kept < z.size() && sum < o.top_p;) sum += z[order[kept++]];
  cut(z, order, kept);
  return z;
}

int drawn(const Numbers& p, double u) {
  int last = 0;
  double sum = 0;
  for (std::size_t k = 0; k < p.size(); ++k) {
    if (p[k] == 0) continue;
    sum += p[k];
    last = static_cast<int>(k);
    if (u < sum) break;  // rounding may leave the sum below one: then the last possible token is chosen
  }
  return last;
}

}  // namespace

Tokens greedy(const Array& logits) { return argmax(logits, -1); }

Array sample_probabilities(const Array& logits, const SampleOptions& o) {
  check(logits, o);
  Array out = Array::empty(logits.shape(), f64);
  for (std::int64_t r = 0; r < logits.rows(); ++r) {
    const Numbers p = probabilities_of(logits_of(logits, r), o);
    std::copy(p.begin(), p.end(), out.data<double>() + r * logits.columns());
  }
  return out;
}

Tokens sample(const Array& logits, Key key, const SampleOptions& o, std::uint64_t first_row) {
  check(logits, o);
  Tokens out(logits.shape().without(logits.rank() - 1));
  for (std::int64_t r = 0; r < logits.rows(); ++r)
    out.data()[r] =
        drawn(probabilities_of(logits_of(logits, r), o), key.uniform(first_row + static_cast<std::uint64_t>(r)));
  return out;
}

}  // namespace ebb
