#pragma once
#include <ebb/autograd/var.hpp>
#include <functional>

namespace ebb {

/// A function of one Var, as the derivatives of functions take it: `[&](const Var& h) { return tanh(matmul(h, U)); }`.
/// What else it uses it captures: parameters, arrays, and Vars of the tape on which it runs.
using VarFunction = std::function<Var(const Var&)>;

namespace detail {

/// y = f(x) on the current tape, x itself if it needs a gradient, else a variable of its numbers.
struct Recorded {
  /// Errors    TapeError in the scope of a NoGrad, or if f returns an empty Var
  Recorded(const VarFunction& f, const Var& x, const char* who);
  Var x, y;
};

/// Zero but for a one at element k, in row-major order.
Array unit_vector(const Shape&, std::int64_t k, DType);

}  // namespace detail
}  // namespace ebb
