#pragma once
#include <ebb/observe/trajectory.hpp>
#include <string>
#include <vector>

namespace ebb {

struct SensitivityOptions {
  int directions = 0;      ///< random directions per parameter for an estimate; 0: exact
  bool by_source = false;  ///< also by source step; exact only
  std::uint64_t seed = 1;  ///< of the directions
  StepContext at = {};
};

/// How much a cell's state depends on its parameters, for each row. L parameters with N elements in total; of one with
/// transforms, the stored values.
struct Sensitivity {
  std::vector<std::string> parameters;  ///< L names of the trained parameters that a step reads
  Array norms;                          ///< [T, B, L], |d s_t / d theta_l| (Frobenius) after t + 1 steps
  Array whole;                          ///< [T, B], over all parameters
  Array norm_errors, whole_errors;      ///< standard errors in the same shapes; empty if exact

  Array by_source;  ///< [T, B, L], norms of the parts of d s_T / d theta_l from the use at step t; or empty
  Array kept;       ///< [T, B], |d s_T / d s_t| after step t: what a gradient is multiplied by on its way; or empty
  double difference = 0;  ///< |sum of the parts - whole| as a share of |whole|, the largest over rows
};

/// The sensitivity of a cell's state to its parameters along its inputs, from forward recursion:
///
///     S_t = J_t S_{t-1} + d step_t / d theta,   S_t = d s_t / d theta [S, N],   S_{-1} = 0
///
///     d s_T / d theta = sum over t of (d s_T / d s_t) (d step_t / d theta),   the parts by source step
///
/// A gradient that is kept is not enough: in h' = l h + x the gradient decays as l^lag, but for white x of variance one
/// E (dh/dl)^2 = (1 + l^2) / (1 - l^2)^3, which diverges as l approaches one, so that loss surfaces become steep.
///
///     Sensitivity exact = sensitivity(*cell, w, x, {}, {.by_source = true});
///     Sensitivity estimated = sensitivity(*cell, w, x, {}, {.directions = 32});   // for many parameters
///
/// With directions, |S_t|^2 is estimated without bias as the mean of |S_t v|^2 over random vectors v of signs, drawn
/// for each parameter separately; S_t v follows the same recursion, by Jacobian-vector products. For a parameter of one
/// element the estimate is exact. Masks and noise are those of `at`.
///
/// Shapes    start [B, S], or empty for the cell's own; its derivative is taken as zero
/// Errors    ValueError if S_t is not finite, if directions is 1 or negative, or if by_source is set with directions;
///           TapeError if, with directions, an op of the cell has a first-order gradient only; as Trajectory
/// Numerics  float64. Errors of norms come from the spread over directions by the delta method, which is unreliable
///           where they exceed a tenth of the norm. `difference` compares the backward sum of the parts with the forward
///           recursion
/// Cost      exact: per step and row S reverse passes of one step, J_t, and 2 S^2 N flops; memory 2 B S N numbers, and
///           T B S for by_source, which doubles the work. Rows run in parallel. With k directions: per step one step,
///           one recorded sweep and L k sweeps over it, for all rows at once; memory L k B S numbers
/// Source    forward sensitivity (real-time recurrent learning): Williams & Zipser 1989, doi:10.1162/neco.1989.1.2.270;
///           growth with memory: Zucchet & Orvieto 2024, arXiv:2405.21064; signs: Hutchinson 1989,
///           doi:10.1080/03610918908812806
Sensitivity sensitivity(const Cell&, const LeafSet& parameters, const Drive&, const Array& start = Array(),
                        const SensitivityOptions& = {});

}  // namespace ebb
