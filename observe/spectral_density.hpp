#pragma once
#include <ebb/observe/estimate.hpp>
#include <ebb/observe/lanczos.hpp>

namespace ebb {

struct SpectralDensityOptions {
  int probes = 10;         ///< random vectors
  int steps = 80;          ///< of Lanczos' method per probe, nodes of its quadrature
  std::uint64_t seed = 1;  ///< of the probes
};

/// A smoothed density at given points, and its standard error over the probes.
struct DensityCurve {
  Array values, errors;
};

/// The distribution of a symmetric matrix's eigenvalues as a quadrature per probe: nodes with weights that sum to one.
/// Errors are standard errors over the probes.
struct SpectralDensity {
  Array nodes, weights;            ///< [probes, steps]; unused nodes have weight zero
  double lowest = 0, highest = 0;  ///< of the nodes in use

  Estimate moment(int k) const;          ///< tr(A^k) / N
  Estimate share_below(double x) const;  ///< of eigenvalues below x, as with 0 for negative curvature
  /// The density convolved with a Gaussian of deviation sigma, at these points [n].
  /// Errors    ValueError if sigma is not positive
  DensityCurve smoothed(const Array& at, double sigma) const;
};

/// The spectral density of a symmetric matrix by stochastic Lanczos quadrature, for Hessians too large to be formed.
///
///     tr f(A) / N  =  mean over probes v of v^T f(A) v / N  ~  sum over i of S[0, i]^2 f(theta_i)
///
/// with theta, S from m steps of Lanczos' method from v, a vector of random signs. Of each probe, moments up to 2 m - 1
/// are exact, so that the only error is that over probes.
///
///     const SpectralDensity d = spectral_density(H.size(), std::ref(H), {.probes = 20});
///     std::cout << d.share_below(0).value << " of the eigenvalues are negative\n";
///
/// Errors    ValueError for fewer than two probes, or steps below 1; as leading_eigenvalues
/// Numerics  features narrower than about (highest - lowest) / steps in the middle of the spectrum are not resolved;
///           ends are resolved better. Directions are orthogonalised fully, so there are no spurious copies
/// Cost      probes times steps products with A; per probe about 8 steps^2 N flops and steps N numbers
/// Source    Ubaru, Chen & Saad 2017, doi:10.1137/16M1104974; for networks: Ghorbani, Krishnan & Xiao 2019,
///           arXiv:1901.10159
SpectralDensity spectral_density(int N, const SymmetricProduct& A, const SpectralDensityOptions& = {});

}  // namespace ebb
