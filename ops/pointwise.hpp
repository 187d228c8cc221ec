#pragma once
#include <ebb/ops/array.hpp>
#include <ebb/ops/pointwise_list.hpp>

/// Runs the ops of pointwise_list.hpp over arrays: numpy broadcasting, one SIMD kernel per op, element type and
/// instruction set. autograd records through these entry points; numbers-only code uses elementwise.hpp.
namespace ebb::pointwise {

/// value(inputs...) with broadcasting. `overwrite` names an input whose memory may take the result (the caller
/// knows that nobody else reads it), or -1; it is honoured if that input is contiguous and has the result's shape.
///
/// Errors    ShapeError naming the op and the shapes; ValueError if element types differ
Array value(int op, const Array* inputs, int count, int overwrite = -1);

/// The same of inputs that stand apart. `spent` is the handle whose memory may be taken, null if there is none: it is
/// left empty then.
Array value(int op, const Array* const* inputs, int count, Array* spent);

/// out (+)= vjp_k(g, inputs..., y): the adjoint of input k before broadcast axes are summed, so `out` has g's shape.
/// Inputs or y that the op's `needs` does not name may be empty. out may be g itself.
void vjp(int op, int k, const Array& g, const Array* inputs, int count, const Array& y, Array& out, bool accumulate);
void vjp(int op, int k, const Array& g, const Array* const* inputs, int count, const Array& y, Array& out,
         bool accumulate);

/// Number of ops in the list, and the name of each.
int count();
const char* name(int op);

}  // namespace ebb::pointwise
