#include <algorithm>
#include <cmath>
#include <ebb/observe/dense/factors.hpp>
#include <ebb/observe/spectral_density.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>
#include <limits>
#include <numbers>

namespace ebb {

namespace {

Estimate mean_over_probes(const std::vector<double>& of_probes) {
  const auto n = static_cast<double>(of_probes.size());
  double mean = 0, squares = 0;
  for (double x : of_probes) mean += x / n;
  for (double x : of_probes) squares += (x - mean) * (x - mean);
  return {mean, std::sqrt(squares / (n - 1) / n)};
}

/// The mean over probes of the quadrature of f.
template <class F> Estimate quadrature(const SpectralDensity& d, const F& f) {
  std::vector<double> of_probes;
  for (int p = 0; p < d.nodes.dim(0); ++p) {
    double sum = 0;
    for (int i = 0; i < d.nodes.dim(1); ++i)
      if (const double w = d.weights.at({p, i}); w > 0) sum += w * f(d.nodes.at({p, i}));
    of_probes.push_back(sum);
  }
  return mean_over_probes(of_probes);
}

/// One probe's nodes and weights, and the range of the nodes.
void put_probe(const detail::Krylov& space, int probe, SpectralDensity& d) {
  const detail::TridiagonalEigen e = detail::tridiagonal_eigen(space.diagonal(), space.beside());
  for (int i = 0; i < space.steps(); ++i) {
    const double node = e.values[static_cast<std::size_t>(i)], along = e.vectors.at({i, 0});
    const std::int64_t at = std::int64_t{probe} * d.nodes.dim(1) + i;
    d.nodes.set_flat(at, node);
    d.weights.set_flat(at, along * along);
    d.lowest = std::min(d.lowest, node);
    d.highest = std::max(d.highest, node);
  }
}

}  // namespace

Estimate SpectralDensity::moment(int k) const {
  return quadrature(*this, [k](double x) { return std::pow(x, k); });
}
Estimate SpectralDensity::share_below(double limit) const {
  return quadrature(*this, [limit](double x) { return x < limit ? 1. : 0.; });
}

DensityCurve SpectralDensity::smoothed(const Array& at, double sigma) const {
  if (!(sigma > 0)) throw ValueError("spectral density: sigma is " + std::to_string(sigma) + ", not positive");
  DensityCurve c{.values = Array::empty(at.shape(), f64), .errors = Array::empty(at.shape(), f64)};
  const double factor = 1 / (sigma * std::sqrt(2 * std::numbers::pi));
  for (std::int64_t k = 0; k < at.size(); ++k) {
    const double t = at.at_flat(k);
    const Estimate e =
        quadrature(*this, [&](double x) { return factor * std::exp(-(t - x) * (t - x) / (2 * sigma * sigma)); });
    c.values.set_flat(k, e.value);
    c.errors.set_flat(k, e.error);
  }
  return c;
}

SpectralDensity spectral_density(int N, const SymmetricProduct& A, const SpectralDensityOptions& o) {
  if (N < 1 || o.probes < 2 || o.steps < 1)
    throw ValueError("spectral_density: " + std::to_string(o.probes) + " probes of " + std::to_string(o.steps) +
                     " steps; at least two of at least one step are needed");
  const int m = std::min(o.steps, N);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  SpectralDensity d{.nodes = Array::zeros({o.probes, m}, f64),
                    .weights = Array::zeros({o.probes, m}, f64),
                    .lowest = infinity,
                    .highest = -infinity};
  const Key key = Key{o.seed}.named("spectral density");
  for (int probe = 0; probe < o.probes; ++probe) {
    const Array signs = bernoulli({N}, key.at(static_cast<std::uint64_t>(probe)), .5, f64) * 2. - 1.;
    detail::Krylov space(N, A, signs, m);
    do space.extend();
    while (space.coupling() > 0 && space.steps() < m);
    put_probe(space, probe, d);
  }
  return d;
}

}  // namespace ebb
