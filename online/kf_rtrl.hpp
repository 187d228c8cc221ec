#pragma once
#include <ebb/online/influence.hpp>

namespace ebb {

/// Kronecker-factored RTRL: a Kronecker product per row whose mean over two random signs c is the influence,
///
///     P_t ~ u_t (x) A_t;   u_t = c0 p0 u_{t-1} + c1 p1 a_t;   A_t = c0 J_t A_{t-1} / p0 + c1 G_t / p1
///     p0 = sqrt(|J_t A_{t-1}| / |u_{t-1}|),   p1 = sqrt(|G_t| / |a_t|),   D_t = a_t (x) G_t
///
/// a_t = (x_t, h_{t-1}, 1) collects what multiplies the parameters, and G_t = d s_t / d z_t is the derivative by their
/// common sum z = a W. Parameters that enter different sums, as in a GRU with its reset after the product, form groups
/// with factors of their own, which are unbiased one by one.
///
/// Errors    ValueError for a cell with a parameter that is not used in products and elementwise
/// Cost      per step and row S reverse passes of one step and 2 S^2 M flops, memory K + S M, of each group
/// Source    Mujika, Meier & Steger 2018, arXiv:1805.10842
/// Differs   groups, where the paper has one; a factor is 1 where one of its norms is zero
std::unique_ptr<Influence> make_kf_rtrl(const StepMap&, int rows, std::uint64_t seed);

}  // namespace ebb
