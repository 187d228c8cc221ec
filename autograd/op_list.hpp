#pragma once
#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/shipped_op.hpp>
#include <functional>
#include <vector>

namespace ebb {

/// A sample call of an op: the function, and the shapes and range of its inputs, for gradient checks and benchmarks.
struct OpSample {
  const char* name;
  std::function<Var(const std::vector<Var>&)> call;
  std::vector<std::vector<Shape>> shapes;  ///< each is one set of inputs
  double low = -2, high = 2;
};

/// Every shipped op: all of ops/pointwise_list.hpp with broadcasting, and all of ShippedOp.
std::vector<OpSample> shipped_ops();

namespace detail {
/// Elementwise op by its index in pointwise::List; `in` has its arity.
Var apply_pointwise(int op, const std::vector<Var>& in);
}  // namespace detail

}  // namespace ebb
