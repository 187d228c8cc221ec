#pragma once
#include <ebb/ops/array.hpp>

/// Spectra of matrices, computed in float64 for either element type, without gradients. Leading axes are batch axes.
/// Results are bitwise identical for any number of threads.
namespace ebb {

/// Singular values in decreasing order.
///
/// Shapes    a [..., M, N] -> [..., min(M, N)]
/// Errors    ShapeError if a has fewer than two axes; ValueError if an element is not finite, or the iteration does not
///           converge
/// Numerics  the absolute error of each is about 5e-15 of the largest for N = 64, 1e-13 for N = 384, so much smaller
///           ones have no correct digits. For long products of Jacobians use the singular values of sub-products, or logarithms from repeated QR
/// Cost      about 8 M N min(M, N) / 3 flops per matrix
/// Source    Eigen's Householder reflections to bidiagonal form and QR steps on a tridiagonal matrix (Golub & Kahan
///           1965, doi:10.1137/0702016)
Array singular_values(const Array& a);
template <detail::HasValue V> Array singular_values(const V&) {
  static_assert(sizeof(V) == 0, "singular values have no gradient: singular_values(x.value())");
  return {};
}

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
/// Source    Eigen's HessenbergDecomposition and RealSchur: Hessenberg form, then Francis QR steps
ComplexArrays eigenvalues(const Array& a);
template <detail::HasValue V> ComplexArrays eigenvalues(const V&) {
  static_assert(sizeof(V) == 0, "eigenvalues have no gradient: eigenvalues(x.value())");
  return {};
}

}  // namespace ebb
