#pragma once
#include <ebb/ops/array.hpp>
#include <vector>

namespace ebb::detail {

struct TridiagonalEigen {
  std::vector<double> values;  ///< m, ascending
  Array vectors;               ///< [m, m], row i belongs to value i
};

/// Eigenvalues and orthonormal eigenvectors of a symmetric tridiagonal matrix.
///
/// Shapes    diagonal: m numbers, m >= 1; beside: at least m - 1, element k couples k and k + 1
/// Errors    ValueError if an element is not finite, or the iteration does not converge
/// Numerics  absolute errors of about 1e-16 of the largest eigenvalue; eigenvectors orthonormal to rounding
/// Cost      about 6 m^3 flops
/// Source    implicit QL steps: Dubrulle, Martin & Wilkinson 1968, doi:10.1007/BF02165404
TridiagonalEigen tridiagonal_eigen(const std::vector<double>& diagonal, const std::vector<double>& beside);

}  // namespace ebb::detail
