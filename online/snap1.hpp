#pragma once
#include <ebb/online/influence.hpp>

namespace ebb {

/// Sparse approximation of one step: of the influence only the entries that the immediate derivative can reach,
///
///     P_t = (J_t P_{t-1} + D_t) * M,   M[i, n] = 1 where d s_i / d theta_n is not zero within one step
///
/// For a vanilla network, an LSTM or a GRU, each weight so keeps its influence on its own unit. A weight that reaches
/// all units within a step (of a gate inside a further product, as in MGU) keeps all of them. Biased; exact for
/// diagonal recurrences.
///
/// Cost      per step and row S reverse passes of one step, 2 F^2 N flops, memory F N; RTRL's where weights reach
///           several units
/// Source    Menick et al. 2021, arXiv:2006.07232
std::unique_ptr<Influence> make_snap1(const StepMap&, int rows);

}  // namespace ebb
