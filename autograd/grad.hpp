#pragma once
#include <ebb/autograd/tape.hpp>
#include <vector>

namespace ebb {

struct GradOptions {
  bool create_graph = false;  ///< record the gradient, so that it can be differentiated again (tape of order >= 2)
};

/// dy/dv for each v in `wrt`, on the current tape; the graph stays usable. Sweeps only what leads to `wrt`.
///
/// Errors    ShapeError if y is not a single number; TapeError if create_graph is asked of a tape of order 1, or an op
///           on the way has a first-order gradient only
std::vector<Var> grad(const Var& y, const std::vector<Var>& wrt, GradOptions = {});
/// The same with a given adjoint for a y of any shape (a vector-Jacobian product).
std::vector<Var> vjp(const Var& y, const Var& adjoint, const std::vector<Var>& wrt, GradOptions = {});

}  // namespace ebb
