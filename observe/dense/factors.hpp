#pragma once
#include <ebb/ops/array.hpp>
#include <vector>

/// QR and LU of float64 matrices, and the eigenvalues of tridiagonal ones, by Eigen. The heavy products of QR without
/// pivoting and of LU are Ebb's own. Those functions whose column norms matter, all but `factored`, damped_solution and
/// tridiagonal_eigen, first divide each column by its largest magnitude, so that squares neither overflow nor
/// underflow, and a column of small elements does not count as zero. Where a rank is determined, a pivot below
/// 2.2e-16 N, N the number of columns, then counts as zero.
namespace ebb::detail {

/// A = Q R of a tall matrix by Householder reflections. Returns the first `columns` columns of Q; those after the first
/// N complete the basis.
///
/// Shapes    A [M, N], M >= N; diagonal: N numbers, the diagonal of R; result [M, columns], N <= columns <= M
/// Numerics  columnwise backward stable for every A: Q is orthonormal to rounding, and column j of R has an error of
///           about 1e-16 times the norm of column j of A
/// Cost      about 2 M N^2 flops for R and as many for N columns of Q; 4 N^3 / 3 each if M = N. By panels of 32
///           columns, on the matmul kernels but for the panels themselves
/// Source    I - V T V^T for several reflections: Schreiber & Van Loan 1989, doi:10.1137/0910005
Array orthonormalise(const Array& A, double* diagonal, int columns);

/// ln |det A| by LU with row pivoting; -inf if A is singular to working precision.
///
/// Shapes    A [N, N]
/// Numerics  the determinant may leave the range of float64
/// Cost      about 2 N^3 / 3 flops, by panels on the matmul kernels
double log_determinant(const Array& A);

/// N minus the numerical rank of A, by LU with complete pivoting.
///
/// Shapes    A [M, N]
/// Cost      about 2 M N^2 flops
int dependent_columns(const Array& A);

/// P A = L U of a square matrix with row pivoting.
struct LuFactors {
  Array lu;                          ///< [N, N], L below the diagonal, where it is one, and U
  std::vector<int> order;            ///< row k of L U is row order[k] of A
  double smallest = 0, largest = 0;  ///< magnitudes of pivots
};
/// Cost      2 N^3 / 3 flops, by panels on the matmul kernels
LuFactors factored(const Array& A);
/// The x with A x = b; not finite if a pivot is zero.
///
/// Shapes    b [N], result likewise
/// Cost      2 N^2 flops
Array solution(const LuFactors&, const Array& b);

/// The d that minimises |A d - b|^2 + damping^2 |d|^2: a step of Levenberg and Marquardt.
///
/// Shapes    A [M, N], M >= N; b [M]; result [N]
/// Numerics  QR of [A; damping I], so A^T A is not formed. Not finite if damping is zero and A singular
/// Cost      about 4 N^3 flops for M = N
Array damped_solution(const Array& A, const Array& b, double damping);

/// A P = Q R with P a permutation of columns.
struct PivotedQr {
  Array Q;                        ///< [M, M], if asked for
  Array R;                        ///< [M, N], upper triangular; column k belongs to column order[k] of A
  std::vector<int> order;         ///< P
  std::vector<double> log_scale;  ///< N: column k of R is to be multiplied by exp(log_scale[k])
  int rank = 0;                   ///< non-zero rows of R
};

/// QR with column pivoting: at each step the column with the largest remaining norm times exp(log_weight).
///
/// Shapes    A [M, N]; log_weights: N numbers, -inf for a column to leave out
/// Numerics  weights and columns may span more than the range of float64. A column with a remaining norm below
///           2.2e-16 N times its norm counts as dependent
/// Cost      about 2 M N^2 flops, as many for Q, and M N^2 for the remaining norms
/// Source    Businger & Golub 1965, doi:10.1007/BF01436084; for graded products: Stewart 1995, ETNA 3, 39-49
/// Differs   from Tomas, Chang, Scalettar & Bai 2012, doi:10.1109/IPDPS.2012.37, who sort the columns by their weighted
///           norms before a QR without pivoting: dependent columns would not come last, and the rank would be unknown
PivotedQr pivoted_qr(const Array& A, const std::vector<double>& log_weights, bool with_Q);

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
TridiagonalEigen tridiagonal_eigen(const std::vector<double>& diagonal, const std::vector<double>& beside);

}  // namespace ebb::detail
