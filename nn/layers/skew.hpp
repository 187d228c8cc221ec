#pragma once
#include <ebb/autograd/functions.hpp>

namespace ebb {

/// M - M^T, whose eigenvalues lie on the imaginary axis.
///
/// Shapes    [N, N] -> [N, N]
/// Errors    ShapeError unless the matrix is square
Var antisymmetric(At m);

/// exp(A) = I + A + A^2 / 2! + ...
///
/// Shapes    [N, N] -> [N, N]
/// Errors    ShapeError unless the matrix is square
/// Numerics  scaling and squaring: halved s times until the 1-norm is at most a half, then the Taylor polynomial of
///           degree 15, squared s times
/// Cost      6 + s products of N x N matrices
/// Source    Paterson & Stockmeyer 1973, doi:10.1137/0202007; Higham 2008, Functions of Matrices, chapter 10
Var matrix_exp(At a);

/// exp(S) with S = triu(M, 1) - triu(M, 1)^T: an orthogonal matrix of determinant one for any M. As a transform, `U =
/// p.matrix("U", H, H, init).as(skew_exp)`, it keeps U orthogonal while M is trained without constraints.
///
/// Shapes    [N, N] -> [N, N]
/// Source    Lezcano-Casado & Martinez-Rubio 2019, arXiv:1901.08428
Var skew_exp(At m);

}  // namespace ebb
