#pragma once
#include <ebb/autograd/var.hpp>
#include <functional>

namespace ebb {

/// A function of one Var to differentiate: `[&](const Var& h) { return tanh(matmul(h, U)); }`. It may capture
/// parameters, arrays, and Vars of the tape on which it runs.
using VarFunction = std::function<Var(const Var&)>;

namespace detail {

/// y = f(x) on the current tape, with x itself if it requires a gradient, else a variable with its value.
struct Recorded {
  /// Errors    TapeError in a NoGrad scope, or if f returns an empty Var
  Recorded(const VarFunction& f, const Var& x, const char* who);
  Var x, y;
};

/// Zeros except for a one at element k, in row-major order.
Array unit_vector(const Shape&, std::int64_t k, DType);

}  // namespace detail
}  // namespace ebb
