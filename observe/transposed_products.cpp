#include <algorithm>
#include <ebb/autograd/grad.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/observe/trajectory.hpp>
#include <ebb/observe/transposed_products.hpp>
#include <ebb/ops/index.hpp>

namespace ebb::detail {

namespace {

constexpr int numbers_on_tape = 1 << 22;  // of repeated states

/// For v [n, S], the vectors from number `first` on, with k per row.
Array some_products(const Cell& cell, const Array& x, const Array& state, const StepContext& at, const Array& v, int k,
                    int first) {
  const int n = v.dim(0);
  Tokens order({std::max(n, x.dim(0))});  // a StepContext draws for as many rows as there are entries
  for (int i = 0; i < n; ++i) order.data()[i] = (first + i) / k;
  const Tokens repeated = order.range(0, n);
  const Tape tape{{.dtype = f64}};
  const Var flat = variable(gather(state, repeated));
  const Var next = flat_state(cell.step(constant(gather(x, repeated)), as_state(cell, flat), at.of_rows(order)));
  return vjp(next, constant(v), {flat})[0].value();
}

}  // namespace

Array transposed_products(const Cell& cell, const Array& x, const Array& state, const StepContext& at, const Array& v) {
  const int k = v.dim(1), S = v.dim(2), all = v.dim(0) * k, some = std::max(1, numbers_on_tape / S);
  const Array flat = v.reshape({all, S});
  Array result = Array::empty(v.shape(), f64), out = result.reshape({all, S});
  for (int begin = 0; begin < all; begin += some) {
    const int end = std::min(all, begin + some);
    Array part = out.range(begin, end);
    part.assign(some_products(cell, x, state, at, flat.range(begin, end), k, begin));
  }
  return result;
}

}  // namespace ebb::detail
