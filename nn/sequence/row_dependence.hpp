#pragma once
#include <cstdint>
#include <ebb/nn/cell.hpp>
#include <ebb/ops/random.hpp>
#include <string>
#include <vector>

namespace ebb {

/// Where the result of a row depends on the other rows of its batch, which a cell must not let happen: measures of
/// single rows and the division of a batch into shards rely on it. Gradients do not show it.
///
/// Runs the cell on all rows, then on each row alone, in float64, and compares every output and the last state. `start`
/// has the fields of the state, `seed` is that of random draws.
///
/// Shapes    x [T, B, I]; fields [B, ...]
/// Returns   "output of step 0, row 0 is 0.5, but 0.25 without the other rows", or an empty string
/// Errors    as unroll; exceptions of the step
/// Numerics  differences below 1e-9 of max(1, |value|) are rounding
/// Cost      2 B T steps of a row
std::string row_dependence(const Cell&, const Array& x, const std::vector<Array>& start, bool training = false,
                           std::uint64_t seed = 1);

/// Random values of the fields of a state, within .5 of their initial values: where all rows are alike, and zero, a
/// dependence may not show.
std::vector<Array> states_near_start(const Cell&, int rows, Key);

}  // namespace ebb
