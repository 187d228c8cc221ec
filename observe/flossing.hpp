#pragma once
#include <ebb/autograd/sequence.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {

struct FlossingOptions {
  int directions = 0;  ///< the leading k exponents; 0: all S
  int warm_up = -1;    ///< steps before the measurement, the first half without directions; -1: a tenth of all steps
  int every = 1;       ///< steps between orthonormalisations
  StepContext at = {};
};

/// The leading Lyapunov exponents of each row along its inputs, as `lyapunov` measures them, but differentiable with
/// respect to weights, inputs and start, for penalties on them. Gradient flossing minimises mean(square(exponents)).
///
///     A_t = J_t Q_{t-1} = Q_t R_t;   lambda_i = mean over t of ln |R_t[i, i]|
///
/// Shapes    x [T, B, I]; start: the cell's fields [B, ...], or empty for its initial state; result [B, k], nats per
///           step, in the order of the directions
/// Errors    TapeError if the tape is not of order 2 or an op of the cell has a first-order gradient only; ValueError
///           unless 0 <= directions <= S, 0 <= warm_up < T and every >= 1
/// Numerics  in the tape's element type, QR in float64. A direction that a step maps to zero has an exponent of -inf or
///           rounding errors, and a gradient that is not a number: use fewer directions. With every > 1, directions
///           whose exponents differ lose digits, as ln of the ratio grows with the steps between
/// Cost      per step after the first half of the warm-up, S rows of one step, their recorded reverse pass, and
///           products of S x S and S x k; kept until the backward pass
/// Source    Engelken 2023, arXiv:2312.17306, and the authors' code, RainerEngelken/GradientFlossing; gradient of QR:
///           Walter & Lehmann 2012, arXiv:1009.6112; Liao et al. 2019, doi:10.1103/PhysRevX.9.031041
Var flossing_exponents(const Cell&, const Sequence& x, const State& start, const FlossingOptions& = {});

namespace detail {
/// Q of A = Q R for each matrix, with a gradient of any order.
///
/// Shapes    A [B, M, N], M >= N, of full rank; result likewise
Var orthonormal_columns(const Var& A);
}  // namespace detail

}  // namespace ebb
