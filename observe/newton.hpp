#pragma once
#include <ebb/observe/trajectory.hpp>
#include <vector>

namespace ebb {

struct NewtonOptions {
  double tolerance = 1e-10;       ///< of the merit
  int iterations = 0;             ///< at most; 0: T, which suffice
  std::vector<int> lengths = {};  ///< shorter lengths to count for as well, each in [1, T]
  bool reset = true;              ///< states that are not finite go back to the guess; otherwise the row ends
  StepContext at = {};
};

enum class NewtonEnd {
  converged,   ///< for every length
  unfinished,  ///< out of iterations
  diverged,    ///< a state was infinite or NaN, and reset is off
};

/// How many Newton iterations B sequences needed.
struct NewtonRun {
  std::vector<int> lengths;                  ///< n, ascending; the last is T
  std::vector<std::vector<int>> iterations;  ///< [n][B], until the merit of so many steps is small; -1: not reached
  std::vector<std::vector<double>> merit;    ///< [B], of all T steps, after 0, 1, 2, ... iterations
  std::vector<NewtonEnd> ends;               ///< B
  std::vector<int> first_not_finite;         ///< B, the iteration that first led to an infinite or NaN state; -1: none
  Array states;                              ///< [T, B, S], s_1 ... s_T after the last iteration
  std::vector<double> error;                 ///< B, largest difference of a state from the sequential run's
};

/// Newton's method through time (DEER): finds the states s_1 ... s_T of a cell along its inputs all at once, by Newton
/// iterations on the equations s_t = f_t(s_{t-1}). Each iteration solves a linear recurrence,
///
///     s_t <- f_t(s_{t-1}) + J_t (s_{t-1}^new - s_{t-1}),   J_t at the old s_{t-1}
///
///     merit = |r|^2 / 2 T,   r_t = s_t - f_t(s_{t-1})
///
/// which a machine with enough processors does in O(log T) time, so that a cell that needs few iterations could run in
/// parallel over time. How many it needs is measured here; the recurrence is solved sequentially, and no speed is
/// claimed. Iteration k makes the first k states exact, so T iterations always suffice. Cells with a negative largest
/// Lyapunov exponent need at worst O((log T)^2), chaotic ones about T.
///
///     NewtonRun n = newton_through_time(*cell, x, {}, {}, {.lengths = {10, 30, 100, 300}});
///
/// The states of fewer steps do not depend on later ones, so one run counts the iterations for several lengths.
///
/// If a state leaves float64, it and the later ones go back to the guess.
///
/// Shapes    start [B, S], or empty for the cell's own; guess [T, B, S], or empty for uniform numbers in [-1, 1), which
///           depend on time and row only
/// Errors    ValueError if a length is not in [1, T] or the tolerance is negative; ShapeError if the guess does not
///           fit; as Trajectory
/// Numerics  float64. A merit below the tolerance bounds the residual, not the error, which the largest Lyapunov
///           exponent relates to it; so the result is compared with a sequential run
/// Cost      per iteration: T Jacobian-vector products of B rows, three to five steps each; J_t is not formed, unless
///           an op of the cell has a first-order gradient only. States that are exact already are left out. Memory:
///           three times the states
/// Source    Lim et al. 2024, arXiv:2309.12252; reset: Gonzalez et al. 2024, arXiv:2407.19115; merit, tolerance, guess:
///           Gonzalez et al. 2025, arXiv:2508.16817, and its repository
NewtonRun newton_through_time(const Cell&, const Drive&, const Array& start = Array(), const Array& guess = Array(),
                              const NewtonOptions& = {});

/// The conditioning of that problem that a largest Lyapunov exponent predicts: a lower bound of the merit's
/// Polyak-Lojasiewicz constant mu, without the factor for transients.
///
///     -ln mu = 2 ln(1 + e^lambda + ... + e^(lambda (T - 1)))
///
/// It is bounded in T for lambda < 0, and about 2 lambda T for lambda > 0.
///
/// Source    Gonzalez et al. 2025, arXiv:2508.16817; the formula is that of its repository
double newton_log_condition(double lambda, int T);

}  // namespace ebb
