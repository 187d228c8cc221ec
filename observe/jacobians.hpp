#pragma once
#include <ebb/observe/trajectory.hpp>
#include <vector>

namespace ebb {

struct JacobianOptions {
  int steps = 1;            ///< k, factors of each product; 1: the Jacobian of each step
  bool eigenvalues = true;  ///< otherwise real, imag and departure stay empty
  StepContext at = {};
};

/// Spectra of n products of k consecutive Jacobians. Logarithms are natural.
struct JacobianSpectra {
  std::vector<int> times;     ///< n, the time of the last step of each product
  Array log_singular_values;  ///< [n, B, S], in descending order; -inf for a lost direction
  Array log_scale;            ///< [n, B]: the eigenvalues are exp(log_scale) (real + i imag); 0 for k = 1
  Array real, imag;           ///< [n, B, S], by descending modulus
  Array log_condition;        ///< [n, B], ln(sigma_1 / sigma_S)
  Array effective_rank;       ///< [n, B], exp of the entropy of the normalised singular values
  Array departure;            ///< [n, B], from normality: 0 for a normal matrix, 1 for a nilpotent one
};

/// Spectra of the step Jacobians J_t = d s_t / d s_{t-1} over all S numbers of the state along the inputs, or of
/// products of k of them, P = J_t ... J_{t-k+1}, which propagate differences forward and gradients backward.
///
///     effective rank = exp(-sum p_i ln p_i), p_i = sigma_i / (sigma_1 + ... + sigma_S)
///
///     departure = sqrt(|P|_F^2 - sum |lambda_i|^2) / |P|_F
///
///     JacobianSpectra each = jacobian_spectra(*cell, x);
///     JacobianSpectra fifty = jacobian_spectra(*cell, x, {}, {.steps = 50});
///
/// Steps after the last complete product are left out. For a cell that draws noise or reads the time, these are
/// the Jacobians of this one realisation.
///
/// Shapes    start [B, S], or empty for the cell's own
/// Errors    ValueError if k is not in [1, T] or a Jacobian is not finite; as Trajectory
/// Numerics  singular values of a product as logarithms, accurate even where they leave the range of float64 or fall
///           below 1e-16 of the largest (product_spectrum.hpp). Eigenvalues come from the scaled product itself, with
///           an absolute error of about 1e-16 of its norm: small ones of long products have no correct digits, and a
///           departure below 1e-8 is rounding error
/// Cost      per step and row: J_t (S rows of one step and its reverse pass) and 10 S^3 flops; per product: about
///           30 S^3 for the singular values, 10 S^3 for the eigenvalues. Rows run in parallel. The result has 3 n B S
///           numbers
/// Source    effective rank: Roy & Vetterli 2007, EUSIPCO; departure: Henrici 1962, doi:10.1007/BF01386294, relative
///           to the norm
JacobianSpectra jacobian_spectra(const Cell&, const Drive&, const Array& start = Array(), const JacobianOptions& = {});

/// Whether gradients can explode, from the largest singular value of the recurrent matrix of h' = f(x W + h U + b).
/// With |f'| <= slope, |J_t| <= slope sigma_max(U), so
///
///     sigma_max(U) < 1 / slope is sufficient for gradients to vanish, > 1 / slope is necessary for them to explode
///
/// Source    Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063, section 2.1
struct PascanuBound {
  double sigma_max = 0;
  double bound = 0;  ///< 1 / slope
  bool vanishes() const { return sigma_max < bound; }
  double log_rate() const;  ///< ln(slope sigma_max), an upper bound on every Lyapunov exponent
};
/// The bound of a matrix; slope is 1 for tanh and relu, 1/4 for sigmoid.
///
/// Shapes    U [H, H]
/// Errors    ValueError if slope is not positive; ShapeError if U is not a square matrix
PascanuBound pascanu_bound(const Array& U, double slope = 1);

}  // namespace ebb
