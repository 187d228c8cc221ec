#pragma once
#include <ebb/nn/cell.hpp>
#include <ebb/ops/array.hpp>

namespace ebb::detail {

/// J^T v for k vectors per row, where J is the Jacobian of the step from `state` with input x, without forming J.
///
/// Shapes    x [B, I], state [B, S], v [B, k, S], result likewise
/// Cost      two to three steps per vector
Array transposed_products(const Cell&, const Array& x, const Array& state, const StepContext& at_time, const Array& v);

}  // namespace ebb::detail
