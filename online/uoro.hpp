#pragma once
#include <ebb/online/influence.hpp>

namespace ebb {

/// Unbiased online recurrent optimization: an outer product per row whose mean over random signs nu is the influence,
///
///     P_t ~ v_t w_t^T;   v_t = r0 J_t v_{t-1} + r1 nu;   w_t = w_{t-1} / r0 + nu^T D_t / r1
///     r0 = sqrt(|w_{t-1}| / |J_t v_{t-1}|),   r1 = sqrt(|nu^T D_t| / |nu|)
///
/// Unbiased with weights held; its variance grows with the number of parameters.
///
/// Cost      per step and row one Jacobian-vector product, one reverse pass, memory S + N: linear
/// Source    Tallec & Ollivier 2018, arXiv:1702.05043, algorithm 1
/// Differs   J v is exact where the paper takes a difference quotient; a factor is 1 where one of its norms is zero
std::unique_ptr<Influence> make_uoro(const StepMap&, int rows, std::uint64_t seed);

}  // namespace ebb
