#pragma once
#include <ebb/online/dense_influence.hpp>
#include <ebb/online/local_influence.hpp>

namespace ebb {

/// Real-time recurrent learning: the exact influence,
///
///     P_t = J_t P_{t-1} + D_t
///
/// With weights held, the gradients of the losses of all steps sum to that of backpropagation through time. With
/// updates in between, P_t mixes derivatives at the weights of earlier steps. Where the recurrence of each unit is its
/// own (minGRU, minLSTM, IndRNN), P has F values per parameter instead of S; this is found by itself.
///
/// Cost      per step and row 2 S^2 N flops, memory S N; diagonal: 2 F^2 N and F N
/// Source    Williams & Zipser 1989, doi:10.1162/neco.1989.1.2.270
std::unique_ptr<Influence> make_rtrl(const StepMap&, int rows);
/// The same without the diagonal form, for comparison.
std::unique_ptr<Influence> make_dense_rtrl(const StepMap&, int rows);

}  // namespace ebb
