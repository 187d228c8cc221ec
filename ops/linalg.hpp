#pragma once
#include <ebb/ops/array.hpp>

/// Spectra of matrices, computed in float64 whatever the element type. The leading axes count matrices, each computed
/// by itself, so that results are the same bits for any number of threads. No gradients.
namespace ebb {

/// Singular values, the largest first.
///
/// Shapes    a [..., M, N] -> [..., min(M, N)]
/// Errors    ShapeError if a has fewer than two axes; ValueError if an element is not finite
/// Numerics  the absolute error of each is that of the largest, about 1e-16 of it: smaller ones have no digits left.
///           For long products of Jacobians take the singular values of pieces, or logarithms by repeated QR
/// Cost      about 8 M N min(M, N) / 3 flops a matrix
/// Source    Eigen's BDCSVD: bidiagonal form, then divide and conquer (Gu & Eisenstat 1995,
///           doi:10.1137/S0895479892242232)
Array singular_values(const Array& a);

/// Complex numbers in two arrays of one shape: `auto [re, im] = eigenvalues(a);`
struct ComplexArrays {
  Array real, imag;
};
/// Eigenvalues of square matrices that need not be symmetric: the largest modulus first, of a conjugate pair the one
/// with the positive imaginary part first.
///
/// Shapes    a [..., N, N] -> real, imag [..., N]
/// Errors    ShapeError if a is not square; ValueError if an element is not finite, or the iteration does not converge
/// Numerics  backward stable: exact for a matrix that differs from a by about 1e-16 of its norm. An eigenvalue that has
///           merged with k - 1 others (a Jordan block) is then known to about 1e-16^(1/k) alone
/// Cost      about 10 N^3 flops a matrix
/// Source    Eigen's EigenSolver: Hessenberg form, then Francis QR steps
ComplexArrays eigenvalues(const Array& a);

}  // namespace ebb
