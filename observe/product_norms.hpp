#pragma once
#include <ebb/observe/trajectory.hpp>
#include <vector>

namespace ebb {

struct ProductNormOptions {
  int every = 0;         ///< steps between points of the map; 0: at most 64 points, 16 by products
  bool spectral = true;  ///< otherwise log_spectral stays empty
  int probes = 0;        ///< 0: exact for S <= 512, else 16 probes; above 0: by products with so many random vectors
  int iterations = 4;    ///< by products: of the power method
  StepContext at = {};
};

/// Norms of products of Jacobians over pairs of states, numbered by the steps taken: 0 is the initial state, T the
/// last.
struct ProductNorms {
  std::vector<int> times;  ///< n, in ascending order
  Array log_frobenius;     ///< [n, n, B]: [i, k] is of d s_times[i] / d s_times[k]; NaN for k > i
  Array log_spectral;      ///< likewise; by products a lower bound
  Array error;             ///< likewise, by products: standard error of log_frobenius
};

/// ln ||J_t' ... J_{t+1}|| for pairs of states t <= t', the Frobenius and the spectral norm: how strongly differences
/// of a past state affect a later one, without a loss. The spectral norm bounds ||dL_t'/ds_t|| / ||dL_t'/ds_t'||.
///
///     ProductNorms map = product_norms(*cell, x, {}, {.every = 10});
///
/// By products alone, for states too large for S x S matrices: |P|_F^2 is the mean of |P v|^2 over random normal v, and
/// the largest singular value comes from the power method, v -> P v -> P^T P v, for each pair.
///
/// Shapes    start [B, S], or empty for the cell's own
/// Errors    ValueError if an option is out of range, or a product is infinite or NaN; as Trajectory; by products
///           TapeError if an op of the cell has a first-order gradient only
/// Numerics  float64, each product with a scale of its own, so none underflows or overflows; -inf for a product that is
///           exactly zero. By products, the error of log_frobenius is about 1 / sqrt(2 probes) where one direction
///           dominates, and less where many do. The power method is exact where one direction dominates or all are
///           equal; between, it is a lower bound that increases with the iterations
/// Cost      exact: per step and row J_t (S rows of one step and its reverse pass) and 2 S^3 flops for each of the up
///           to n starts, per pair 8 S^3 / 3 flops for the spectral norm; memory n B S^2 numbers. By products: per step
///           `probes` Jacobian-vector products for each start, and `iterations` of them and of their transposes for each
///           pair that spans the step, T n^2 / 6 in all; memory T B S + n (n + probes) B S numbers
/// Source    Frobenius norm by random vectors: Hutchinson 1989, doi:10.1080/03610918908812806
ProductNorms product_norms(const Cell&, const Drive&, const Array& start = Array(), const ProductNormOptions& = {});

}  // namespace ebb
