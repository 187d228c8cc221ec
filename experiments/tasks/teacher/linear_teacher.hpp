#pragma once
#include <ebb/ops/array.hpp>
#include <ebb/ops/random.hpp>

namespace ebb::app {

/// A linear recurrent network with random weights, and eigenvalues of prescribed moduli.
///
///     z[t] = A z[t-1] + B x[t],  z[-1] = 0;   y[t] = (C z[t] + D x[t]) / scale
///
/// A is normal with variance 1/N; then each eigenvalue keeps its angle and its eigenvector, and
///
///     its modulus m becomes nu + (1 - nu) tanh m
///
/// so that no component of z decays faster than nu^t.
///
/// Shapes    A [N, N]; B, C [N]; D and scale are numbers; float64
/// Init      B and D normal with variance 1, C with 1/N; scale is the standard deviation of y for white inputs of
///           variance 1, long after the start: scale^2 = sum over k of g_k^2, g_0 = C B + D, g_k = C A^k B
/// Numerics  A is computed by Sylvester's formula, sum over i of f(l_i) product over j != i of (A - l_j) / (l_i - l_j),
///           in complex float64. Its cancellation grows with N: eigenvalues are off by some 1e-13 for N = 10
/// Source    Zucchet & Orvieto 2024, arXiv:2405.21064, and the authors' code (dataloaders/regression.py, 'dense')
struct LinearTeacher {
  static constexpr int most_units = 20;
  Array A, B, C;
  double D = 0, scale = 1;

  /// Errors    ValueError unless 1 <= units <= most_units and 0 <= nu < 1
  LinearTeacher(int units, double nu, const Key&);
  /// C A^k B, k = 0 ... steps - 1, without the scale.
  Array impulse_response(int steps) const;
  /// The mean over the first T steps of the variance of y, for white inputs of variance 1:
  ///
  ///     sum over k < T of (1 - k / T) g_k^2 / scale^2,  g_0 = C B + D,  g_k = C A^k B
  double mean_variance(int steps) const;
  /// Shapes    x [T, B, 1] -> y [T, B, 1], float32
  Array outputs(const Array& x) const;
};

}  // namespace ebb::app
