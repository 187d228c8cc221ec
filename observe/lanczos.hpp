#pragma once
#include <ebb/ops/array.hpp>
#include <functional>
#include <vector>

namespace ebb {

/// v -> A v, [N] -> [N] in float64, for a symmetric matrix A that is never formed.
using SymmetricProduct = std::function<Array(const Array& v)>;

struct LeadingOptions {
  int largest = 5;          ///< eigenvalues at the upper end, by value, not by magnitude
  int smallest = 1;         ///< at the lower end
  double tolerance = 1e-9;  ///< of the residuals, as a share of the largest magnitude
  int most_steps = 300;     ///< products with A, without those for the residuals
  std::uint64_t seed = 1;   ///< of the first vector
};

struct LeadingEigenvalue {
  double value = 0;
  double residual = 0;  ///< |A y - value y| for |y| = 1: an eigenvalue of A lies within this distance
};

struct LeadingEigenvalues {
  std::vector<LeadingEigenvalue> largest;   ///< in descending order; fewer than requested if N is smaller
  std::vector<LeadingEigenvalue> smallest;  ///< in ascending order
  Array vectors;                            ///< [largest + smallest, N], their unit vectors y
  int steps = 0;
  bool converged = false;  ///< all residuals, as estimated during the iteration, are within the tolerance
};

/// Eigenvalues at both ends of a symmetric matrix's spectrum by Lanczos' method with full reorthogonalisation.
///
///     A Q = Q T + beta q e^T,   T = S diag(theta) S^T;   residual of theta_i = beta |S[m, i]|
///
///     const HessianProduct H(objective);
///     const LeadingEigenvalues ends = leading_eigenvalues(H.size(), std::ref(H));
///
/// Once the Krylov space is exhausted, the iteration goes on from a random vector orthogonal to it, so that copies of
/// multiple eigenvalues are found; before that, each is found once.
///
/// Errors    ValueError if an option is out of range or a product is not finite; those of the product
/// Numerics  vectors are orthogonalised twice against all earlier ones, so they stay orthonormal to rounding. The
///           reported residuals are recomputed with A. If A is symmetric only up to rounding, they include that error
/// Cost      m products with A, about 8 m^2 N flops and m N numbers for m steps; every few steps 6 m^3 flops
/// Source    Lanczos 1950, doi:10.6028/jres.045.026; bounds: Parlett 1998, The Symmetric Eigenvalue Problem, section
///           13.2
LeadingEigenvalues leading_eigenvalues(int N, const SymmetricProduct& A, const LeadingOptions& = {});

namespace detail {

/// An orthonormal basis of a Krylov space and the tridiagonal matrix of A in it.
class Krylov {
 public:
  /// start [N], not zero; most: steps at most
  Krylov(int N, const SymmetricProduct& A, const Array& start, int most);
  /// One product with A. In an invariant space `coupling()` is zero afterwards.
  void extend();
  /// Goes on from another vector, made orthogonal to the space; false if nothing of it is left.
  bool restart(const Array& start);
  int steps() const { return static_cast<int>(diagonal_.size()); }
  double coupling() const { return beside_.back(); }  ///< beta, to the next vector
  const std::vector<double>& diagonal() const { return diagonal_; }
  const std::vector<double>& beside() const { return beside_; }
  Array basis() const { return Q_.range(0, steps()); }  ///< [steps, N]

 private:
  void orthogonalise(Array& w) const;
  const SymmetricProduct& A_;
  Array Q_;  // [most, N]
  int vectors_ = 0;
  std::vector<double> diagonal_, beside_;
  double scale_ = 0;  // largest norm of A q
};

}  // namespace detail
}  // namespace ebb
