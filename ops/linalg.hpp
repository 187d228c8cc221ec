#pragma once
#include <ebb/ops/array.hpp>

/// Spectra of matrices, computed in float64 for either element type, without gradients. Leading axes are batch axes.
/// Results are bitwise identical for any number of threads.
namespace ebb {

/// Singular values in decreasing order.
///
/// Shapes    a [..., M, N] -> [..., min(M, N)]
/// Errors    ShapeError if a has fewer than two axes; ValueError if an element is not finite
/// Numerics  the absolute error of each is about 1e-16 of the largest, so much smaller ones have no correct digits. For
///           long products of Jacobians use the singular values of sub-products, or logarithms from repeated QR
/// Cost      about 8 M N min(M, N) / 3 flops per matrix
/// Source    Eigen's BDCSVD: bidiagonal form, then divide and conquer (Gu & Eisenstat 1995,
///           doi:10.1137/S0895479892242232)
Array singular_values(const Array& a);

/// Complex values as two arrays of one shape: `auto [re, im] = eigenvalues(a);`
struct ComplexArrays {
  Array real, imag;
};
/// Eigenvalues of square matrices, not necessarily symmetric, by decreasing modulus; of a conjugate pair the one with
/// positive imaginary part comes first.
///
/// Shapes    a [..., N, N] -> real, imag [..., N]
/// Errors    ShapeError if a is not square; ValueError if an element is not finite, or the iteration does not converge
/// Numerics  backward stable: exact for a matrix that differs from a by about 1e-16 of its norm. An eigenvalue in a
///           Jordan block of size k is accurate only to about 1e-16^(1/k)
/// Cost      about 10 N^3 flops per matrix
/// Source    Eigen's EigenSolver: Hessenberg form, then Francis QR steps
ComplexArrays eigenvalues(const Array& a);

}  // namespace ebb
