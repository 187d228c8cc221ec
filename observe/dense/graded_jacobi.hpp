#pragma once
#include <ebb/observe/dense/view.hpp>
#include <vector>

namespace ebb::detail {

/// Logarithms of the singular values of diag(e^d) X, in descending order, by one-sided Jacobi rotations of the rows. X
/// is overwritten.
///
/// Shapes    d: N numbers, -inf for a zero row; X [N, M]
/// Numerics  d may span more than the range of float64. The relative error of each singular value is about 1e-16 times
///           the condition number of X with normalised rows
/// Cost      about 3 N^2 M flops per sweep, 6 to 10 sweeps
/// Source    Hestenes 1958, doi:10.1137/0106005; Demmel & Veselic 1992, doi:10.1137/0613074
std::vector<double> graded_log_singular_values(std::vector<double> d, Array X);

}  // namespace ebb::detail
