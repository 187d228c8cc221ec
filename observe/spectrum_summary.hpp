#pragma once
#include <ebb/observe/lyapunov.hpp>

namespace ebb::detail {

/// Fills in exponents, dimension, entropy rate and share with their errors. all: these are all exponents of the system.
///
/// Shapes    growth [B, blocks, k]: sums of logarithms, in descending order of their total in each row
void summarise(Lyapunov&, const Array& growth, bool all);

}  // namespace ebb::detail
