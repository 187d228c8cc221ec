#pragma once
#include <ebb/ops/array.hpp>
#include <ebb/ops/pointwise_list.hpp>

/// Runs the ops of pointwise_list.hpp over arrays: NumPy broadcasting, one SIMD kernel per op, element type and
/// instruction set. Used by autograd; code without gradients uses elementwise.hpp.
namespace ebb::pointwise {

/// value(inputs...) with broadcasting. `overwrite` is the index of an input whose memory may be reused for the result,
/// or -1. It is reused if that input is contiguous and has the result's shape.
///
/// Errors    ShapeError naming the op and the shapes; ValueError if element types differ
Array value(int op, const Array* inputs, int count, int overwrite = -1);

/// The same for inputs that are not contiguous in memory. `reusable` is a handle whose memory may be reused for the
/// result, or null; if it is reused, the handle becomes empty.
Array value(int op, const Array* const* inputs, int count, Array* reusable);

/// out (+)= vjp_k(g, inputs..., y): the adjoint of input k before broadcast axes are summed, so `out` has g's shape.
/// Inputs and y may be empty if the op's `needs` does not name them. out may be g itself.
void vjp(int op, int k, const Array& g, const Array* inputs, int count, const Array& y, Array& out, bool accumulate);
void vjp(int op, int k, const Array& g, const Array* const* inputs, int count, const Array& y, Array& out,
         bool accumulate);

/// Number of ops in the list, and their names.
int count();
const char* name(int op);

}  // namespace ebb::pointwise
