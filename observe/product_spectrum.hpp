#pragma once
#include <ebb/ops/array.hpp>
#include <vector>

namespace ebb {

/// Logarithms of the singular values of a product of many square matrices. Over 200 steps the singular values
/// themselves leave the range of float64, and the product retains only the largest.
///
///     P = A_k ... A_2 A_1 = Q diag(e^d) X,   Q orthogonal, X with rows of moderate norm and condition
///
///     ProductSpectrum p(S);
///     for (const Array& A : factors) p.multiply(A);     // A_1 first
///     Array log_sigma = p.log_singular_values();        // [S], in descending order
///
/// Errors    ShapeError if a factor is not [S, S]; ValueError if an element is not finite
/// Numerics  each factor times Q is reduced to a triangular matrix with column pivots weighted by e^d, so d stays
///           in descending order and X well conditioned. One-sided Jacobi rotations of the rows of diag(e^d) X,
///           computed from the logarithms d, then give each singular value to high relative accuracy: ln sigma has
///           about 1e-16 times the condition number of a single factor as error per factor, independent of the condition of
///           the product. A direction that is mapped to zero gets -inf
/// Cost      multiply: about 3 S^3 flops for QR and 4 S^3 on the matmul kernels; log_singular_values: 3 S^3 flops per
///           sweep, 6 to 10 sweeps
/// Source    graded products: Stewart 1995, ETNA 3, 39-49; Jacobi on graded matrices: Demmel & Veselic 1992,
///           doi:10.1137/0613074
class ProductSpectrum {
 public:
  explicit ProductSpectrum(int S);
  /// P <- A P
  void multiply(const Array& A);
  Array log_singular_values() const;
  int factors() const { return factors_; }

 private:
  int factors_ = 0;
  std::vector<double> d_;
  Array Q_, X_;
};

/// The same for factors [k, S, S], A_1 first; the result is [S].
Array log_singular_values(const Array& factors);

}  // namespace ebb
