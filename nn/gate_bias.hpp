#pragma once
#include <ebb/nn/param.hpp>

namespace ebb {

/// The bias of a cell with several gates, one block of H columns each; `value` starts the block of one gate, as a forget gate's 1
/// does, unless it is 0.
///
/// Shapes    [gates * H]
Param gate_bias(const Builder&, const char* name, int hidden, int gates, int gate, double value, const Init& others);
/// The others uniform in +-1/sqrt(H).
Param gate_bias(const Builder&, const char* name, int hidden, int gates, int gate, double value);

}  // namespace ebb
