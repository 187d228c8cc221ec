#include <algorithm>
#include <cmath>
#include <ebb/observe/gradient_norms.hpp>
#include <ebb/observe/products_by_vectors.hpp>
#include <ebb/observe/transposed_products.hpp>
#include <ebb/ops/random.hpp>
#include <functional>

namespace ebb::detail {

namespace {

constexpr int default_probes = 16;

/// Vectors that are propagated side by side, [B, N, S], each with its scale, [B, N].
struct Bundle {
  Array vectors;
  std::vector<double> scales;

  Bundle(int B, int N, int S)
      : vectors(Array::zeros({B, N, S}, f64)), scales(static_cast<std::size_t>(B) * static_cast<std::size_t>(N)) {}
  int rows() const { return vectors.dim(0); }
  int count() const { return vectors.dim(1); }
  double& scale(int b, int k) { return scales[static_cast<std::size_t>(b * count() + k)]; }

  /// Applies a linear map to the vectors with these numbers, and normalises the results.
  void apply(const std::vector<int>& active, const std::function<Array(const Array&)>& map) {
    if (active.empty()) return;
    const int N = static_cast<int>(active.size());
    Bundle some(rows(), N, vectors.dim(2));
    each(active, [&](int b, int k, int from) {
      some.vectors[b][k].assign(vectors[b][from]);
      some.scale(b, k) = scale(b, from);
    });
    some.vectors = map(some.vectors);
    take_norms(some.vectors, some.scales.data(), "product_norms: a Jacobian-vector product");
    each(active, [&](int b, int k, int to) {
      vectors[b][to].assign(some.vectors[b][k]);
      scale(b, to) = some.scale(b, k);
    });
  }

 private:
  template <class F> void each(const std::vector<int>& active, const F& f) {
    for (int b = 0; b < rows(); ++b)
      for (int k = 0; k < static_cast<int>(active.size()); ++k) f(b, k, active[static_cast<std::size_t>(k)]);
  }
};

/// Pairs of points i > k.
struct Pairs {
  explicit Pairs(const std::vector<int>& t) : times(t) {
    for (int i = 1; i < static_cast<int>(t.size()); ++i)
      for (int k = 0; k < i; ++k) {
        later.push_back(i);
        earlier.push_back(k);
      }
  }
  int count() const { return static_cast<int>(later.size()); }
  /// Those whose product has the Jacobian of step t as a factor.
  std::vector<int> spanning(int t) const {
    std::vector<int> found;
    for (int p = 0; p < count(); ++p) {
      const auto at = static_cast<std::size_t>(p);
      if (times[static_cast<std::size_t>(earlier[at])] <= t && t < times[static_cast<std::size_t>(later[at])])
        found.push_back(p);
    }
    return found;
  }
  std::vector<int> times, later, earlier;
};

class ByVectors {
 public:
  ByVectors(ProductNorms& result, const Cell& cell, const Drive& drive, const Array& start, const ProductNormOptions& o)
      : result_(result), cell_(cell), drive_(drive), start_(start), o_(o), pairs_(result.times) {}

  void frobenius();
  void spectral();

 private:
  Trajectory run() const { return Trajectory(cell_, drive_, start_, o_.at); }
  std::int64_t place(int i, int k, int b) const {
    const int n = static_cast<int>(result_.times.size());
    return (std::int64_t{i} * n + k) * result_.log_frobenius.dim(2) + b;
  }
  void record(Bundle& probes, int i, int m) const;
  ProductNorms& result_;
  const Cell& cell_;
  const Drive& drive_;
  const Array& start_;
  const ProductNormOptions& o_;
  Pairs pairs_;
};

/// ln of the root mean square of the norms of m probes for each start up to i.
void ByVectors::record(Bundle& probes, int i, int m) const {
  for (int b = 0; b < probes.rows(); ++b)
    for (int k = 0; k <= i; ++k) {
      double largest = probes.scale(b, k * m), sum = 0, squares = 0;
      for (int j = 1; j < m; ++j) largest = std::max(largest, probes.scale(b, k * m + j));
      for (int j = 0; j < m && std::isfinite(largest); ++j) {
        const double square = std::exp(2 * (probes.scale(b, k * m + j) - largest));
        sum += square / m;
        squares += square * square / m;
      }
      const double deviation = std::sqrt(std::max(0., squares - sum * sum) / std::max(1, m - 1));
      result_.log_frobenius.set_flat(place(i, k, b), std::isfinite(largest) ? largest + std::log(sum) / 2 : largest);
      result_.error.set_flat(place(i, k, b), std::isfinite(largest) ? deviation / (2 * sum) : 0);
    }
}

void ByVectors::frobenius() {
  const int m = o_.probes > 0 ? o_.probes : default_probes, n = static_cast<int>(result_.times.size());
  result_.error = result_.log_frobenius.copy();
  Trajectory s = run();
  Bundle probes(s.rows(), n * m, s.size());
  std::vector<int> active;
  for (int i = 0;; s.advance()) {
    if (s.time() == result_.times[static_cast<std::size_t>(i)]) {
      for (int j = i * m; j < (i + 1) * m; ++j) active.push_back(j);
      const Key key = Key{1}.named("probes").at(static_cast<std::uint64_t>(i));
      for (int b = 0; b < s.rows(); ++b)
        probes.vectors[b]
            .range(i * m, (i + 1) * m)
            .assign(normal({m, s.size()}, key.at(static_cast<std::uint64_t>(b)), 0, 1, f64));
      std::vector<int> fresh(active.end() - m, active.end());
      probes.apply(fresh, [](const Array& v) { return v; });  // norms of the probes themselves
      record(probes, i++, m);
    }
    if (i == n) return;
    probes.apply(active, [&](const Array& v) { return s.along(v); });
  }
}

/// The power method for all pairs together: forward with J, then backward with its transpose.
void ByVectors::spectral() {
  const int T = result_.times.back();
  std::vector<Array> states;
  Trajectory first = run();
  const int B = first.rows(), S = first.size();
  for (; first.time() < T; first.advance()) states.push_back(first.state());
  Bundle v(B, pairs_.count(), S);
  for (int b = 0; b < B; ++b)
    v.vectors[b].assign(
        normal({pairs_.count(), S}, Key{1}.named("power").at(static_cast<std::uint64_t>(b)), 0, 1, f64));
  const auto forget_scales = [&] { std::fill(v.scales.begin(), v.scales.end(), 0); };
  for (int iteration = 0; iteration <= o_.iterations; ++iteration) {
    if (iteration == 0) {
      take_norms(v.vectors, v.scales.data(), "product_norms: a probe");
    } else {
      for (int t = T - 1; t >= 0; --t)
        v.apply(pairs_.spanning(t), [&](const Array& some) {
          return transposed_products(cell_, drive_.at(t), states[static_cast<std::size_t>(t)], o_.at.at_time(t), some);
        });
    }
    forget_scales();
    for (Trajectory s = run(); s.time() < T; s.advance())
      v.apply(pairs_.spanning(s.time()), [&](const Array& some) { return s.along(some); });
  }
  for (int b = 0; b < B; ++b) {
    for (int p = 0; p < pairs_.count(); ++p)
      result_.log_spectral.set_flat(
          place(pairs_.later[static_cast<std::size_t>(p)], pairs_.earlier[static_cast<std::size_t>(p)], b),
          v.scale(b, p));
    for (int i = 0; i < static_cast<int>(result_.times.size()); ++i) result_.log_spectral.set_flat(place(i, i, b), 0);
  }
}

}  // namespace

void by_vectors(ProductNorms& result, const Cell& cell, const Drive& drive, const Array& start,
                const ProductNormOptions& o) {
  ByVectors map(result, cell, drive, start, o);
  map.frobenius();
  if (o.spectral) map.spectral();
}

}  // namespace ebb::detail
