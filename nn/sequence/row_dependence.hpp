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
/// Runs the cell on all rows, in float64. At each step, each row is stepped alone too, from its state in the run of all
/// of them, so that rounding does not accumulate where small differences grow, and every output and field is compared.
/// `start` has the fields of the state, `seed` is that of random draws. Ends before T where the state is not finite.
///
/// Shapes    x [T, B, I]; fields [B, ...]
/// Returns   "output of step 0, row 0 is 0.5, but 0.25 without the other rows", or an empty string
/// Errors    ShapeError or TapeError if the result of a step does not match what the cell declares; exceptions of the
///           step, naming the time step
/// Numerics  differences below 1e-9 of max(1, |value|, the largest |value| of the state before) are rounding
/// Cost      2 B T steps of a row
std::string row_dependence(const Cell&, const Array& x, const std::vector<Array>& start, bool training = false,
                           std::uint64_t seed = 1);

/// Random values of the fields of a state, within .5 of their initial values: where all rows are alike, and zero, a
/// dependence may not show.
std::vector<Array> states_near_start(const Cell&, int rows, Key);

}  // namespace ebb
