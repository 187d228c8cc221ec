#pragma once
#include <ebb/autograd/functions.hpp>
#include <functional>
#include <vector>

namespace ebb {

/// Shipped ops that are not elementwise. An entry without a case in op_list.cpp does not compile.
enum class ShippedOp {
  matmul, matmul_batched, outer, transpose, transpose_order, sum, mean, amax, cumsum, logsumexp, softmax, log_softmax,
  cross_entropy, norm, row_norm, reshape, broadcast_to, sum_to, slice, range, entry, split, concat, stack, flip, pad, gather,
  scatter_add, pick, count
};

/// One way to try an op: what to call, on inputs of which shapes, drawn from where. Drives gradient checks and benchmarks.
struct OpSample {
  const char* name;
  std::function<Var(const std::vector<Var>&)> call;
  std::vector<std::vector<Shape>> shapes;   ///< each a set of inputs
  double low = -2, high = 2;
};

/// Every shipped op: all of ops/pointwise_list.hpp with broadcasting, and all of ShippedOp.
std::vector<OpSample> shipped_ops();

namespace detail {
/// Elementwise op by its number in pointwise::List; `in` has its arity.
Var apply_pointwise(int op, const std::vector<Var>& in);
}  // namespace detail

}  // namespace ebb
