#pragma once
#include <ebb/autograd/tape.hpp>
#include <vector>

namespace ebb {

struct GradOptions {
  bool create_graph = false;  ///< record the gradient, so that it can be differentiated again (tape of order >= 2)
};

/// dy/dv for each v in `wrt`, on the current tape; the graph is retained. Sweeps only the part that leads to `wrt`.
///
/// Errors    ShapeError if y does not have exactly one element; TapeError if create_graph is set on a tape of order 1,
///           or an op involved has only a first-order gradient
std::vector<Var> grad(const Var& y, const std::vector<Var>& wrt, GradOptions = {});
/// The same for y of any shape with a given adjoint (a vector-Jacobian product).
/// Errors    also ShapeError if the adjoint does not have y's shape
std::vector<Var> vjp(const Var& y, const Var& adjoint, const std::vector<Var>& wrt, GradOptions = {});

namespace detail {
// The same, for functions built on them: errors begin with `who`.
std::vector<Var> grad_for(const char* who, const Var& y, const std::vector<Var>& wrt, GradOptions);
std::vector<Var> vjp_for(const char* who, const Var& y, const Var& adjoint, const std::vector<Var>& wrt, GradOptions);
}  // namespace detail

}  // namespace ebb
