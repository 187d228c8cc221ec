#pragma once
#include <ebb/online/influence.hpp>

namespace ebb {

/// Eligibility propagation: the influence through each unit's own recurrence alone, as in an LSTM's cell state. What
/// passes to other units through the recurrent matrices is left out.
///
///     P_t = J_local P_{t-1} + D_t,   J_local: J without the paths through products with a parameter
///
/// dL/ds_t is that of the loss of step t, through the readout's own weights.
///
/// Errors    ValueError if the units of the cell depend on each other in other ways, or if a parameter is not used in
///           products and elementwise, each weight for one unit
/// Cost      per step and row F reverse passes of one step and 2 F^2 N flops, memory F N: linear
/// Source    Bellec et al. 2020, doi:10.1038/s41467-020-17236-y, symmetric e-prop
/// Differs   for any cell of that structure instead of spiking units and LSTMs
std::unique_ptr<Influence> make_eprop(const StepMap&, int rows);

/// Random-feedback local online learning: e-prop of units that leak at a constant rate,
///
///     s_t = (1 - 1 / tau) s_{t-1} + f(...) / tau;   P_t = (1 - 1 / tau) P_{t-1} + D_t
///
/// A vanilla network has no leak, tau = 1, so what is left is the immediate derivative.
///
/// Errors    ValueError as above, or if the leak depends on parameters, state or input
/// Cost      as above
/// Source    Murray 2019, doi:10.7554/eLife.43299
/// Differs   dL/ds_t passes through the readout's own weights instead of random ones, as in Marschall et al. 2020
std::unique_ptr<Influence> make_rflo(const StepMap&, int rows);

}  // namespace ebb
