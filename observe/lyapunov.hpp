#pragma once
#include <ebb/observe/estimate.hpp>
#include <ebb/observe/trajectory.hpp>
#include <vector>

namespace ebb {

/// Exponents closer to zero, in nats per step, are rounding: dimension, entropy rate and share count them as zero.
inline constexpr double exponent_rounding = 1e-12;

struct LyapunovOptions {
  int directions = 0;    ///< the leading k exponents; 0: all S, or the leading 32 if S > 2048
  int warm_up = -1;      ///< steps before the measurement, the first half without directions; -1: a tenth of all steps
  int blocks = 16;       ///< of consecutive steps, for the error estimates
  int determinants = 0;  ///< steps from one ln |det J_t| to the next, for the mean of all S if k < S; 0: none
  StepContext at = {};
};

/// Exponents in nats per step, in descending order; means over rows unless stated otherwise. Errors are estimated from
/// blocks of consecutive steps.
struct Lyapunov {
  int state_size = 0, rows = 0;
  int warm_up = 0, steps = 0;       ///< steps: after the warm-up
  std::vector<Estimate> exponents;  ///< k; -inf if the direction is lost in any row
  Array of_rows;                    ///< [B, k], for each row
  Array of_blocks;                  ///< [blocks, k], for each block of steps: shows convergence
  Estimate mean;                    ///< of all S exponents; if k < S from determinants, NaN without them
  Estimate dimension;               ///< Kaplan-Yorke; NaN if it needs more than k exponents
  Estimate entropy_rate;            ///< sum of the positive exponents, nats per step; NaN if more than k are
  Estimate positive_share;          ///< of all S exponents; NaN if more than k are positive

  bool checked = false;            ///< all S directions were followed, so the sum rule applies
  double sum = 0;                  ///< of the finite exponents
  double log_determinant = 0;      ///< mean of ln |det J_t| over the same steps, by LU
  double difference = 0;           ///< |sum - log_determinant|, nats per step
  double lost = 0;                 ///< directions per row that some step maps to zero
  double lost_by_elimination = 0;  ///< the same, counted from zero pivots
  Array end;                       ///< [B, S], states after the last step, to continue from
};

/// The Lyapunov exponents of a cell along its inputs: the rates at which small differences of its state grow or decay.
///
///     J_t Q_{t-1} = Q_t R_t;   lambda_i = mean over t of ln |R_t[i, i]|
///
///     D = j + (lambda_1 + ... + lambda_j) / |lambda_{j+1}|, j the last index with a non-negative sum
///
/// The system is driven by data, x [T, B, I], or free, with a held input:
///
///     Lyapunov driven = lyapunov(*cell, x);
///     Lyapunov free = lyapunov(*cell, Drive::held(Array::zeros({B, I}), 10'000), start);
///
/// For a cell that draws noise or reads the time, and in training with dropout, the exponents are those of this one
/// realisation.
///
/// Every run checks itself: the sum of the exponents equals the mean of ln |det J_t|, which an LU decomposition of J_t
/// gives independently of Q and R. A direction that a step maps to zero (ReLU; a field that the next step does not
/// read) has the exponent -inf, is dropped, and is counted by both methods. From then on the rule is checked for the
/// volume of the remaining directions, as the determinant of [J_t Q, N_t] with N_t a basis of the complement. With
/// k < S nothing can be checked, but the same rule gives the mean of all S exponents, also of those not followed:
///
///     (lambda_1 + ... + lambda_S) / S = mean of ln |det J_t| / S,   over every `determinants`-th step
///
/// for S <= 2048; it is -inf if a step loses a direction.
///
/// Shapes    start [B, S], or empty for the cell's own
/// Errors    ValueError if the steps after the warm-up do not fill the blocks, if directions is not in [0, S] or
///           determinants is negative, or if a state or J_t is not finite; TapeError for k <= S / 2 if an op of the
///           cell has a first-order gradient only; as Trajectory
/// Numerics  the error of R_t[i, i] is about 1e-16 of the norm of column i of J_t Q: a direction that one step shrinks
///           by more counts as lost. The error estimates hold if a block is longer than the correlation time; rows
///           are averaged within a block, so they need not be independent
/// Cost      per step and row: J_t (S rows of one step and its reverse pass), its product with
///           Q, 2 S^3 flops on the matmul kernels, and QR and LU, about 3 S^3 flops on one thread. Rows run in parallel.
///           For k <= S / 2, or S > 2048, J_t Q is computed by k Jacobian-vector products and QR costs about 4 S k^2; a
///           determinant costs J_t and 2 S^3 / 3 flops, and no other step forms J_t. Memory does not grow with T
/// Source    Benettin et al. 1980, doi:10.1007/BF02128237; Engelken, Wolf & Abbott 2023, arXiv:2006.02427; dimension:
///           Kaplan & Yorke 1979, doi:10.1007/BFb0064319; entropy (an upper bound): Ruelle 1978,
///           doi:10.1007/BF02584795
Lyapunov lyapunov(const Cell&, const Drive&, const Array& start = Array(), const LyapunovOptions& = {});

/// The Kaplan-Yorke dimension of exponents in descending order. Unless these are all exponents of the system, NaN if
/// their sum is not negative.
double kaplan_yorke(const std::vector<double>& exponents, bool all);

}  // namespace ebb
